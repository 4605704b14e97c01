import Foundation
import Support

/// The page's own files, read once.
struct PageFiles: Sendable {
    private let files: [String: (bytes: [UInt8], type: String)]

    private static let types = ["html": "text/html; charset=utf-8", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"]

    /// - Throws: `FileError` when the folder beside the program is missing.
    init(folder: String) throws {
        var files: [String: (bytes: [UInt8], type: String)] = [:]
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw FileError.unreadable(path: folder, reason: "the annotator's page is not there")
        }
        for name in names {
            guard let type = Self.types[String(name.split(separator: ".").last ?? "")],
                let data = FileManager.default.contents(atPath: "\(folder)/\(name)")
            else { continue }
            files[name] = ([UInt8](data), type)
        }
        self.files = files
    }

    /// - Parameter name: nothing but a name: `index.html`, `main.js`.
    func response(_ name: String) -> HTTPResponse? {
        files[name].map { .bytes($0.bytes, type: $0.type) }
    }
}
