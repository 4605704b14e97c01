import Foundation
import Media
import Segmenters
import TestSupport

@testable import MethodPresets

/// A segmenter that only says how it is best asked.
struct Recommending: PromptableSegmenter {
    struct NeverAsked: Error {}
    let name = "recommending"
    var recommendedPrompting: RecommendedPrompting

    func frame(_ index: Int, of video: FrameStore) throws -> any SegmentableFrame { throw NeverAsked() }
    func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float] { [] }
    func mask(_ logits: MaskLogits, size: ImageSize) -> Mask { Mask(size: size) }

    static let steady = Recommending(recommendedPrompting: .init(refinements: 1, previousMaskIoU: 0.6))
    static let thorough = Recommending(recommendedPrompting: .init(refinements: 12))
}

/// A folder for presets' files.
struct PresetFolder {
    let url: URL

    init() throws { url = try Fixtures.temporaryFolder() }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    @discardableResult
    func write(_ text: String, as name: String = "my.yaml") throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)))
        return path(name)
    }

    func remove() { try? FileManager.default.removeItem(at: url) }
}
