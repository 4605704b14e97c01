import ArgumentParser
import Foundation
import ProjectFile
import SAMPT
import SamptCommands
import SegmentationJobs
import Support

/// `sampt project info`.
struct ProjectInfoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info", abstract: "What is in a project: its video, models, objects and results.",
        discussion: CommandStatus.help)

    @OptionGroup var argument: ProjectArgument
    @Flag(help: "Print it as JSON.")
    var json = false

    func run() async throws {
        try await withExitStatus {
            let path = argument.project
            let description = try await onThread { try ProjectDescription(path) }
            if json {
                StandardOutput.print(json: try await description.json())
            } else {
                for line in try await description.lines() { StandardOutput.print(line) }
            }
            return .success
        }
    }
}

/// What there is to say about a project.
private struct ProjectDescription: Sendable {
    let file: ProjectFile
    let details: ProjectDetails
    let contents: ProjectContents
    let readOnlyReason: String?
    let session: AnnotationSession

    init(_ path: String) throws {
        file = try ProjectFile(path: path, access: .reading)
        (details, contents, readOnlyReason) = (file.details, try file.contents(), file.readOnlyReason)
        // Masks of marked frames are found where the models are there to tell which they are.
        session = try AnnotationSession(
            details.models.segmenter(missing: "nothing is computed here", project: path),
            video: RememberedVideo(details.video, project: path),
            store: ReadingStore(file), models: try? details.models.identity())
    }

    private struct Object: Encodable {
        var id: Int, name: String, category: String?, anchors: [Int]
        /// How many frames are as the anchors say, and how many are not.
        var framesCurrent: Int, framesOutdated: Int
        /// In how many frames the object is seen, and in how many it was looked for and is not; the mean confidence where it is seen.
        var framesPresent: Int, framesAbsent: Int, meanConfidence: Float?
    }

    private func objects() async throws -> [Object] {
        var result: [Object] = []
        for object in session.state.objects {
            var (current, outdated) = (object.anchors.count, 0)
            for span in try await session.spans(of: object.id) {
                if span.progress == .current { current += span.frames.count } else { outdated += span.frames.count }
            }
            let known = try await session.summaries(of: object.id).compactMap { $0 }
            let confidences = known.filter(\.isPresent).compactMap(\.confidence).filter(\.isFinite)
            result.append(
                Object(
                    id: object.id, name: object.name, category: object.category, anchors: object.anchors.keys.sorted(),
                    framesCurrent: current, framesOutdated: outdated, framesPresent: known.count(where: \.isPresent),
                    framesAbsent: known.count { !$0.isPresent },
                    meanConfidence: confidences.isEmpty ? nil : confidences.reduce(0, +) / Float(confidences.count)))
        }
        return result
    }

    func json() async throws -> String {
        struct Fields: Encodable { var details: ProjectDetails, contents: ProjectContents, objects: [Object] }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(
            decoding: try encoder.encode(Fields(details: details, contents: contents, objects: try await objects())), as: UTF8.self)
    }

    func lines() async throws -> [String] {
        let video = details.video
        var lines = [
            "video      \(video.path) (\(video.frameCount) frame\(video.frameCount == 1 ? "" : "s"), \(video.width)x\(video.height))",
            "models     \(details.models.segmenter), \(details.models.tracker)",
            "log        \(contents.entries) entries, \(contents.logBytes.asBytes)",
            "results    \(contents.frames) frames in \(contents.spans) spans, \(contents.frameBytes.asBytes)"
                + (contents.frames > 0 ? " (\((contents.frameBytes / contents.frames).asBytes) a frame)" : ""),
            "file       \(contents.fileBytes.asBytes)" + (contents.freeBytes > 0 ? ", \(contents.freeBytes.asBytes) of it unused" : ""),
        ]
        for object in try await objects() {
            let anchors = object.anchors.isEmpty ? "marked nowhere" : "marked in \(object.anchors.map(String.init).joined(separator: ", "))"
            let confidence = object.meanConfidence.map { String(format: ", mean confidence %.2f", $0) } ?? ""
            lines.append(
                "object \(object.id)   \(object.name): \(anchors); \(object.framesCurrent) frames up to date, \(object.framesOutdated) not; "
                    + "seen in \(object.framesPresent)\(confidence), not seen in \(object.framesAbsent)")
        }
        return lines
    }
}
