import Foundation
import Media
import SAMPT
import Support

extension AnnotatorService {
    /// Masks of a file become given masks of new objects.
    func importMasks(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard let header = request.header("x-name"), let name = header.removingPercentEncoding, !request.body.isEmpty else {
            throw RequestError(400, "An import is a file in the request's body, with its name in X-Name.")
        }
        let format = request.header("x-format")
        let ending = (name as NSString).pathExtension.lowercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sampt-import-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/masks.\(ending.isEmpty ? "json" : ending)"
        let (body, read, frames) = (request.body, project.importMasks, session.video.frameCount)
        let masks = try await onThread {
            guard FileManager.default.createFile(atPath: path, contents: Data(body)) else {
                throw FileError.unwritable(path: path, reason: "there is no room for it")
            }
            var masks: [ImportedMask] = []
            try read(path, format) { mask in
                guard mask.frame < frames else {
                    throw RequestError(400, "\(name) has frame \(mask.frame); the video ends at \(frames - 1).")
                }
                masks.append(mask)
            }
            return masks
        }
        return .json(try await take(masks))
    }

    /// One edit a mask. A mask that the session refuses ends the import; what was taken until then can be undone.
    private func take(_ masks: [ImportedMask]) async throws -> ImportAnswer {
        var ids: [Int: ObjectID] = [:]
        for mask in masks {
            var id = ids[mask.object]
            if id == nil {
                id = try await apply(.addObject(object: nil, name: mask.name, color: nil, category: mask.category)).objects.first
                ids[mask.object] = id
            }
            if let id { _ = try await apply(.setMask(AnchorPlace(object: id, frame: mask.frame), mask.mask)) }
        }
        return ImportAnswer(objects: ids.values.sorted(), masks: masks.count)
    }
}
