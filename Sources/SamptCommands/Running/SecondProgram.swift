import Foundation
import SegmentationJobs
import Support

/// The program beside this one, for what needs a database: who builds `sampt` alone does not pay for that.
package enum SecondProgram {
    static let name = "sampt-studio"
    static let howToGetIt =
        "Build it in a checkout with \"make studio\" (\"make install\" then takes it along), and keep it beside this program."

    /// The commands that it has.
    static let commands = ["annotate", "project"]

    /// Becomes the second program, where the arguments are for it.
    /// - Returns: nil where they are not, or ask for help that is here, too; otherwise a status, since it could not be started.
    package static func start(_ arguments: [String]) -> CommandStatus? {
        guard takes(arguments) else { return nil }
        guard let program = places.first(where: { access($0, X_OK) == 0 }) else {
            if ProgramArguments.askForHelp(arguments) { return nil }
            let what = arguments.first == "segment" ? "--project" : arguments.first ?? name
            StandardError.print(
                "sampt: \(what) needs the second program, \(name), which is not in \(places.first ?? "any folder"). \(howToGetIt)")
            return .missingInput
        }
        var words = ([program] + arguments).map { strdup($0) }
        words.append(nil)
        execv(program, &words)
        StandardError.print("sampt: \(program): cannot be started: \(AtomicFile.reason(code: errno)).")
        return .failure
    }

    private static func takes(_ arguments: [String]) -> Bool {
        let words = arguments.first == "help" ? arguments.dropFirst() : arguments[...]
        guard let command = words.first else { return false }
        if command == "segment" { return words.prefix { $0 != "--" }.contains { $0 == "--project" || $0.hasPrefix("--project=") } }
        return commands.contains(command)
    }

    /// Beside the program, also where a symbolic link to it leads.
    private static var places: [String] {
        guard let program = Bundle.main.executableURL else { return [] }
        let folders = [program.resolvingSymlinksInPath(), program].map { $0.deletingLastPathComponent() }
        return folders.map { $0.appendingPathComponent(name).path }
    }
}
