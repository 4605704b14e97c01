import Foundation
import Media
import SAMPT
import Support

extension AnnotatorService {
    /// Masks of a file or folder become given masks of new objects.
    ///
    /// A request either names a place on this computer, as JSON, or is the file itself, with its name in a header.
    func importMasks(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard let header = request.header("x-name") else {
            let wish = try Wish(request.body)
            guard let path = wish.path, path.hasPrefix("/") || path.hasPrefix("~/"), !path.contains("\0") else {
                throw RequestError(400, "A place to read from begins with / (or ~/).")
            }
            let place = (path as NSString).expandingTildeInPath
            return .json(try await take(try await masks(at: place, name: path, format: wish.format)))
        }
        guard let name = header.removingPercentEncoding, !request.body.isEmpty else {
            throw RequestError(400, "An import is a file in the request's body, with its name in X-Name.")
        }
        let ending = (name as NSString).pathExtension.lowercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sampt-import-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (path, body) = ("\(folder)/masks.\(ending.isEmpty ? "json" : ending)", request.body)
        try await onThread {
            guard FileManager.default.createFile(atPath: path, contents: Data(body)) else {
                throw FileError.unwritable(path: path, reason: "there is no room for it")
            }
        }
        return .json(try await take(try await masks(at: path, name: name, format: request.header("x-format"))))
    }

    /// - Parameter name: for messages.
    private func masks(at path: String, name: String, format: String?) async throws -> [ImportedMask] {
        let (read, frames) = (project.importMasks, session.video.frameCount)
        return try await onThread {
            var masks: [ImportedMask] = []
            try read(path, format) { mask in
                guard mask.frame < frames else {
                    throw RequestError(400, "\(name) has frame \(mask.frame); the video ends at \(frames - 1).")
                }
                masks.append(mask)
            }
            return masks
        }
    }

    /// One edit a mask. A mask that the session refuses ends the import; what was taken until then can be undone.
    private func take(_ masks: [ImportedMask]) async throws -> ImportAnswer {
        var ids: [Int: ObjectID] = [:]
        for mask in masks {
            var id = ids[mask.object]
            if id == nil {
                id = try await apply(.addObject(object: nil, name: mask.name, color: nil, category: mask.category)).added
                ids[mask.object] = id
            }
            if let id { _ = try await apply(.setMask(AnchorPlace(object: id, frame: mask.frame), mask.mask)) }
        }
        return ImportAnswer(objects: ids.values.sorted(), masks: masks.count)
    }
}
