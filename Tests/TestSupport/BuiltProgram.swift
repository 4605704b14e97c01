import Foundation

/// Programs of this package that tests run as users run them.
public enum BuiltProgram {
    /// Beside the tests' own bundle, where the build puts it.
    public static func url(_ name: String) -> URL {
        let arguments = ProcessInfo.processInfo.arguments.first ?? ""
        let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let folders = [
            URL(fileURLWithPath: arguments).deletingLastPathComponent(), executable.deletingLastPathComponent(),
            Fixtures.packageRoot.appendingPathComponent(".build/release"), Fixtures.packageRoot.appendingPathComponent(".build/debug"),
        ]
        let candidates = folders.map { $0.appendingPathComponent(name) }
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) } ?? candidates[0]
    }
}
