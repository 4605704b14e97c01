import Foundation
import Media
import SAMPT
import TestSupport

@testable import ProjectFile

/// A small project in a folder of its own.
struct SampleProject {
    let folder: URL
    var path: String { folder.appendingPathComponent("sample.sampt").path }
    static let size = ImageSize(width: 32, height: 24)

    init() throws { folder = try Fixtures.temporaryFolder() }

    func file(_ name: String) -> String { folder.appendingPathComponent(name).path }
    func remove() { try? FileManager.default.removeItem(at: folder) }
    var contents: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted() }

    static let details = ProjectDetails(
        video: ProjectVideo(
            path: "/videos/a.mp4", project: "/videos/a.sampt", fingerprint: VideoFingerprint(digest: "0011223344556677", bytes: 4711),
            frameCount: 20, size: size),
        models: ProjectModels(segmenter: "nano", tracker: "nano", fingerprints: ["a", "b"], settings: ["seed": "72"]), program: "sampt test"
    )

    /// Made, with some edits and the frames of two results.
    func make(frames: Int = 20) throws -> ProjectFile {
        let project = try ProjectFile.create(at: path, details: Self.details)
        try Self.fill(project, frames: frames)
        return project
    }

    static func fill(_ project: ProjectFile, frames: Int = 20) throws {
        for (index, edit) in edits.enumerated() { try project.append(LoggedEdit(number: index + 1, edit: edit)) }
        for key in keys { try project.save((0..<frames).map(frame), of: key) }
    }

    static let keys = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"].compactMap(SpanKey.init)

    static var edits: [Edit] {
        let place = AnchorPlace(object: 1, frame: 0)
        let span = PlannedSpan(object: 1, anchor: 0, frames: 0...19, direction: .forward, key: keys[0])
        return [
            .addObject(object: 1, name: "rabbit"), .addPoint(place, point: 1, position: SIMD2(10.5, 8.25), isPositive: true),
            .setMask(AnchorPlace(object: 1, frame: 5), RunLengthMask(disk(5))),
            .propagate(Propagation(plan: PropagationPlan(number: 1, spans: [span], rivals: [:]))),
            .reached(PropagationReach(number: 1, spans: [keys[0]: 0...19], ending: .complete)), .undo, .redo,
        ]
    }

    static func disk(_ index: Int) -> Mask {
        var mask = Mask(size: size)
        for y in 0..<size.height {
            for x in 0..<size.width where (x - 8 - index % 12) * (x - 8 - index % 12) + (y - 10) * (y - 10) < 36 { mask[x, y] = true }
        }
        return mask
    }

    static func frame(_ index: Int) -> SpanFrame {
        var evidence = MaskEvidence(origin: .predicted)
        evidence.predictedIoU = Float(index % 10) / 10
        let levels = (0..<(16 * 12)).map { Int8(truncatingIfNeeded: ($0 &* 7 &+ index) % 120) }
        let point = PromptPoint(
            id: index, position: SIMD2(Float(index), 3.5), isPositive: index % 2 == 0, status: .visible, confidence: 0.5, origin: .queryMask
        )
        return SpanFrame(
            index: index, origin: .predicted, mask: RunLengthMask(disk(index)),
            logits: RoundedLogits(width: 16, height: 12, levels: levels),
            predictedIoU: 0.75, evidence: evidence, points: [point])
    }

    /// The same, but that in some frames the object is not seen, and in some its mask was given.
    static func variedFrame(_ index: Int) -> SpanFrame {
        switch index % 7 {
        case 4: SpanFrame(index: index, origin: .absent)
        case 5: SpanFrame(index: index, origin: .absent, evidence: MaskEvidence(origin: .absent), points: frame(index).points)
        case 6: SpanFrame(index: index, origin: .given, mask: RunLengthMask(disk(index)), evidence: .given)
        default: frame(index)
        }
    }

    /// Everything that a project holds, read back.
    static func everything(of project: ProjectFile, frames: Int = 20) throws -> (log: [LoggedEdit], frames: [SpanFrame?]) {
        (try project.loadLog(), try keys.flatMap { key in try (0..<frames).map { try project.frame($0, of: key) } })
    }

    static func expected(frames: Int = 20) -> (log: [LoggedEdit], frames: [SpanFrame?]) {
        (edits.enumerated().map { LoggedEdit(number: $0.offset + 1, edit: $0.element) }, keys.flatMap { _ in (0..<frames).map(frame) })
    }
}
