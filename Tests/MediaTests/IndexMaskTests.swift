import Media
import Testing

struct IndexMaskTests {
    @Test func aPixelBelongsToWhoHasItFirst() {
        var index = IndexMask(width: 4, height: 1)
        let (left, middle) = (Mask(width: 4, height: 1, values: [1, 1, 0, 0]), Mask(width: 4, height: 1, values: [0, 1, 1, 0]))
        #expect(index.add(left, id: 7) == left)
        #expect(index.add(middle, id: 65535) == Mask(width: 4, height: 1, values: [0, 0, 1, 0]))
        #expect(index.values == [7, 7, 65535, 0] && index.ids == [7, 65535])
        // More of an object that is there.
        #expect(index.add(Mask(width: 4, height: 1, values: [0, 1, 1, 1]), id: 7) == Mask(width: 4, height: 1, values: [0, 1, 0, 1]))
        #expect(index.values == [7, 7, 65535, 7])
        #expect(index.add(Mask(width: 4, height: 1), id: 1).isEmpty)
    }
}
