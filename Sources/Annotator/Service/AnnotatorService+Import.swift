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

    /// The most bytes of run lengths in one import: it is one entry of the log, and those have their limit, too.
    private static let mostBytes = 192 << 20

    /// - Parameter name: for messages.
    private func masks(at path: String, name: String, format: String?) async throws -> [ImportedMask] {
        let (read, frames) = (project.importMasks, session.video.frameCount)
        return try await onThread {
            var masks: [ImportedMask] = []
            var bytes = 0
            try read(path, format) { mask in
                guard mask.frame < frames else {
                    throw RequestError(400, "\(name) has frame \(mask.frame); the video ends at \(frames - 1).")
                }
                bytes += mask.mask.compressed.utf8.count
                guard bytes <= Self.mostBytes else {
                    throw RequestError(
                        400, "\(name) has more masks than one import can hold (\(Self.mostBytes >> 20) MB). Import it in parts.")
                }
                masks.append(mask)
            }
            return masks
        }
    }

    /// One step for undo: all masks are taken, or none is.
    private func take(_ masks: [ImportedMask]) async throws -> ImportAnswer {
        guard !masks.isEmpty else { return ImportAnswer(objects: [], masks: 0) }
        while true {
            let edits = Self.edits(masks, firstObject: session.nextObject)
            do {
                _ = try await apply(.group(edits))
            } catch SessionError.objectExists {
                // Somebody else has added one meanwhile.
                continue
            }
            return ImportAnswer(
                objects: edits.compactMap { if case .addObject(let id, _, _, _) = $0 { id } else { nil } }, masks: masks.count)
        }
    }

    /// A new object for each of the masks' objects, numbered on from one, and its masks.
    static func edits(_ masks: [ImportedMask], firstObject: ObjectID) -> [Edit] {
        var ids: [Int: ObjectID] = [:]
        var edits: [Edit] = []
        for mask in masks {
            let id = ids[mask.object] ?? firstObject + ids.count
            if ids.updateValue(id, forKey: mask.object) == nil {
                edits.append(.addObject(object: id, name: mask.name, color: nil, category: mask.category))
            }
            edits.append(.setMask(AnchorPlace(object: id, frame: mask.frame), mask.mask))
        }
        return edits
    }
}
