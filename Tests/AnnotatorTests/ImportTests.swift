import Media
import SAMPT
import Testing

@testable import Annotator

@Suite("Masks of a file become one edit")
struct ImportTests {
    private static let mask = RunLengthMask(Mask(width: 4, height: 3))

    private static func imported(_ object: Int, _ frame: Int) -> ImportedMask {
        ImportedMask(object: object, name: "object \(object) of the file", category: object == 7 ? "rabbit" : nil, frame: frame, mask: mask)
    }

    @Test("Each of the file's objects is a new one, before its first mask, numbered on from what was used")
    func newObjects() {
        let edits = AnnotatorService.edits(
            [Self.imported(7, 0), Self.imported(2, 0), Self.imported(7, 1)], firstObject: 5)
        #expect(
            edits == [
                .addObject(object: 5, name: "object 7 of the file", category: "rabbit"),
                .setMask(AnchorPlace(object: 5, frame: 0), Self.mask), .addObject(object: 6, name: "object 2 of the file"),
                .setMask(AnchorPlace(object: 6, frame: 0), Self.mask), .setMask(AnchorPlace(object: 5, frame: 1), Self.mask),
            ])
    }
}
