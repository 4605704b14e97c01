import Foundation

/// Finds reference data that lies beside the checkout and not in it. Tests that need absent data skip, saying so.
public enum Fixtures {
    /// The folder with `evaluation-fixtures`, `parity`, `datasets`; `SAMPT_SHARED` names another than `../shared`.
    public static var shared: URL {
        if let path = ProcessInfo.processInfo.environment["SAMPT_SHARED"] { return URL(fileURLWithPath: path) }
        return packageRoot.deletingLastPathComponent().appendingPathComponent("shared")
    }

    /// The root of this package.
    public static var packageRoot: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    }

    /// Whether `path`, relative to the shared folder, is there. Use it in `@Test(.enabled(if: ...))`.
    public static func has(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: shared.appendingPathComponent(path).path)
    }

    /// The file or folder at `path`, relative to the shared folder.
    public static func url(_ path: String) -> URL { shared.appendingPathComponent(path) }

    /// The folder with the evaluation fixtures; `SAMPT_EVALUATION_FIXTURES` names another of the same form.
    public static var evaluation: URL {
        if let path = ProcessInfo.processInfo.environment["SAMPT_EVALUATION_FIXTURES"] { return URL(fileURLWithPath: path) }
        return url("evaluation-fixtures")
    }

    /// Whether the evaluation fixtures have a file or folder.
    public static func hasEvaluation(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: evaluation.appendingPathComponent(path).path)
    }

    /// A data set in DAVIS's form that the evaluation fixtures are about: in `datasets` beside them, or in the shared folder.
    /// - Parameter sequences: it has annotations of one of these.
    public static func evaluationDataset(with sequences: some Sequence<String>) -> URL? {
        let sequences = Array(sequences)
        for folder in [evaluation.deletingLastPathComponent().appendingPathComponent("datasets"), url("datasets")] {
            for name in ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted() {
                let root = folder.appendingPathComponent(name)
                let annotations = root.appendingPathComponent("Annotations/480p")
                if sequences.contains(where: { FileManager.default.fileExists(atPath: annotations.appendingPathComponent($0).path) }) {
                    return root
                }
            }
        }
        return nil
    }

    /// The message of tests that skip.
    public static let missing = "reference data not found beside the checkout; set SAMPT_SHARED to its folder"

    /// The folder of all of this process's temporary folders, removed when it exits; a process that is killed leaves it behind.
    private static let temporaryRoot: URL = {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("sampt-tests-\(UUID().uuidString)")
        atexit { try? FileManager.default.removeItem(at: Fixtures.temporaryRoot) }
        return root
    }()

    /// A new empty folder, removed by the caller or when the process exits.
    public static func temporaryFolder() throws -> URL {
        let folder = temporaryRoot.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }
}
