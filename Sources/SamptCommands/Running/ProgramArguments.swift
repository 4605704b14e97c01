import Foundation

/// What the shell hands over, checked before it is looked at.
enum ProgramArguments {
    /// The first argument, setting or folder whose bytes are no text; nil where all are.
    ///
    /// Paths are kept as text throughout: bytes that are no UTF-8 would be repaired, and another file would be read or written.
    static func firstThatIsNoText() -> String? {
        for index in 1..<max(1, Int(CommandLine.argc)) {
            guard let bytes = CommandLine.unsafeArgv[index], String(validatingCString: bytes) == nil else { continue }
            return "the argument \"\(String(cString: bytes))\""
        }
        for name in ["SAMPT_MODELS", "SAMPT_CACHE", "TMPDIR", "HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"] {
            if let value = getenv(name), String(validatingCString: value) == nil { return "\(name) (\"\(String(cString: value))\")" }
        }
        if let folder = getcwd(nil, 0) {
            defer { free(folder) }
            if String(validatingCString: folder) == nil { return "the current folder \"\(String(cString: folder))\"" }
        }
        return nil
    }

    /// The first argument of the form "-name.mp4", which is read as options of one letter each, -h among them.
    static func firstThatLooksLikeOptions(_ arguments: [String]) -> String? {
        arguments.prefix { $0 != "--" }.first { argument in
            argument.hasPrefix("-") && !argument.hasPrefix("--") && argument.count > 2 && !Self.isNumber(argument)
        }
    }

    /// Whether somebody asked for help or the version.
    static func askForHelp(_ arguments: [String]) -> Bool {
        let words: Set = ["-h", "-help", "--help", "--help-hidden", "-help-hidden", "help", "--version", "--generate-completion-script"]
        return arguments.prefix { $0 != "--" }.contains { words.contains($0) || $0.hasPrefix("--generate-completion-script") }
    }

    /// "-5,36" is a point.
    private static func isNumber(_ argument: String) -> Bool { argument.dropFirst().first.map { $0.isNumber || $0 == "." } ?? false }
}
