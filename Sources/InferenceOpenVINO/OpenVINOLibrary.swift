import COpenVINO
import Foundation
import Inference

/// OpenVINO's functions. They may be called once there is an `OpenVINOCore`.
var openVINO: copenvino_library { OpenVINOLibrary.functions.pointee }

/// OpenVINO's C library, opened when the first engine is made and never closed.
enum OpenVINOLibrary {
    /// In messages.
    static let name = "OpenVINO"

    /// Written once, before anything reads it.
    nonisolated(unsafe) static let functions: UnsafePointer<copenvino_library> = {
        let functions = UnsafeMutablePointer<copenvino_library>.allocate(capacity: 1)
        functions.initialize(to: copenvino_library())
        return UnsafePointer(functions)
    }()

    /// Why the library cannot be used; nil when it can be.
    private static let failure: String? = open(candidates())

    /// - Throws: `InferenceError.unavailable`.
    static func load() throws {
        if let failure { throw unavailable(failure) }
    }

    static func unavailable(_ reason: String) -> InferenceError { .unavailable(engine: name, reason: reason, advice: advice) }

    /// The releases whose interface is declared in `COpenVINO`.
    private static let supportedRelease = "2026."

    #if canImport(Darwin)
        private static let fileNames = ["libopenvino_c.dylib"]
    #else
        private static let fileNames = ["libopenvino_c.so", "libopenvino_c.so.2641"]
    #endif

    /// Opens the first of the files that is there.
    /// - Returns: why none could be opened.
    static func open(_ candidates: [String]) -> String? {
        var reasons: [String] = []
        for path in candidates where !path.contains("/") || FileManager.default.fileExists(atPath: path) {
            var library = copenvino_library()
            if let reason = copenvino_open(path, &library) {
                let reason = String(cString: reason)
                // The loader's words name the file, unlike the name of a function that is missing.
                reasons.append(reason.hasPrefix("ov_") ? "\(path) has no function \(reason)" : reason)
                continue
            }
            var version = copenvino_version()
            guard library.get_openvino_version(&version) == COPENVINO_OK, let number = version.buildNumber else { continue }
            defer { library.version_free(&version) }
            guard String(cString: number).hasPrefix(supportedRelease) else {
                reasons.append("\(path) is of the release \(String(cString: number)), and \(supportedRelease)x is needed")
                continue
            }
            UnsafeMutablePointer(mutating: functions).pointee = library
            return nil
        }
        return reasons.isEmpty ? "none of \(candidates.joined(separator: ", ")) is there" : reasons.joined(separator: "; ")
    }

    /// Where the library is looked for, in order: the folder that the variable `SAMPT_OPENVINO` names, or its `lib`; beside the program; in
    /// `../lib/sampt` from there, where `make install` puts it; in the package's `.deps`, where `make setup` puts it; then wherever the
    /// system
    /// looks (`LD_LIBRARY_PATH`, `/usr/local/lib`, ...).
    static func candidates(
        environment: [String: String] = ProcessInfo.processInfo.environment, program: URL? = Bundle.main.executableURL
    ) -> [String] {
        if let chosen = environment["SAMPT_OPENVINO"], !chosen.isEmpty {
            return files(in: [chosen, chosen + "/lib"])
        }
        var folders: [String] = []
        if let folder = program?.resolvingSymlinksInPath().deletingLastPathComponent() {
            folders += [folder.path, folder.deletingLastPathComponent().appendingPathComponent("lib/sampt").path]
        }
        folders.append(packageFolder + "/.deps/openvino/lib")
        #if canImport(Darwin)
            folders += ["/opt/homebrew/lib", "/usr/local/lib"]
        #endif
        return files(in: folders) + fileNames
    }

    private static func files(in folders: [String]) -> [String] { folders.flatMap { folder in fileNames.map { "\(folder)/\($0)" } } }

    /// Where the package was when this was compiled.
    private static var packageFolder: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    }

    /// What to do where the library is missing: set up the package, if this is the machine it was built on.
    static var advice: String {
        let script = packageFolder + "/Scripts/setup.sh"
        let choice = "set SAMPT_OPENVINO to the folder of an OpenVINO \(supportedRelease)x"
        return FileManager.default.fileExists(atPath: script) ? "Run `bash \(script)`, or \(choice)." : "S\(choice.dropFirst())."
    }
}
