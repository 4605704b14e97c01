import Foundation
import Media
import TestSupport
import Testing

private struct RunLengthFixture: Decodable {
    struct Case: Decodable {
        var name: String
        var size: [Int]
        var counts: String
        var uncompressed_counts: [Int]
        var area: Int
        var bbox: [Double]
    }
    struct Pair: Decodable {
        var a: String
        var b: String
        var union: String
        var intersection: String
        var iou: Double
        var iou_b_is_crowd: Double
    }
    struct Refused: Decodable {
        var name: String
        var size: [Int]
        var counts: Counts
    }
    enum Counts: Decodable {
        case text(String)
        case numbers([Int])
        case other
        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let numbers = try? container.decode([Int].self) {
                self = .numbers(numbers)
            } else {
                self = .other
            }
        }
    }
    struct Group: Decodable {
        struct Merged: Decodable {
            var counts: String
            var area: Int
        }
        var name: String
        var masks: [String]
        var iou_crowd_0: [[Double]]
        var iscrowd: [Int]
        var iou_with_iscrowd: [[Double]]
        var union_all: Merged
        var intersection_all: Merged
    }
    var cases: [Case]
    var iou_groups: [Group]
    var pairs: [Pair]
    var must_be_refused: [Refused]
}

struct RunLengthMaskTests {
    /// Each run is possible, their sum is beyond what integers hold.
    @Test func sumsThatOverflow() {
        let huge = ImageSize(width: 1 << 20, height: 1 << 20)
        #expect(throws: RunLengthError.size(huge)) { try RunLengthMask(size: huge, counts: [Int](repeating: 1 << 40, count: 1 << 23)) }
        #expect(throws: RunLengthError.size(huge)) { try RunLengthMask(size: huge, counts: [1 << 40]) }
        let large = ImageSize(width: 1 << 14, height: 1 << 14)
        #expect(throws: RunLengthError.sum(found: 2 << 28, expected: 1 << 28)) {
            try RunLengthMask(size: large, counts: [1 << 28, 1 << 28, 1])
        }
        #expect(throws: RunLengthError.self) { try RunLengthMask(size: ImageSize(width: .max, height: .max), counts: [1]) }
    }

    @Suite(.enabled(if: Fixtures.hasEvaluation("coco-rle/expected.json"), Comment(rawValue: Fixtures.missing)))
    struct RunLengthFixtureTests {
        private let fixture: RunLengthFixture

        init() throws {
            let data = try Data(contentsOf: Fixtures.evaluation.appendingPathComponent("coco-rle/expected.json"))
            fixture = try JSONDecoder().decode(RunLengthFixture.self, from: data)
        }

        @Test func casesAreExact() throws {
            #expect(!fixture.cases.isEmpty)
            for expected in fixture.cases {
                let size = ImageSize(width: expected.size[1], height: expected.size[0])
                let runs = try RunLengthMask(size: size, compressed: expected.counts)
                #expect(runs.counts == expected.uncompressed_counts, "\(expected.name)")
                #expect(runs.compressed == expected.counts, "\(expected.name)")
                #expect(runs.area == expected.area && runs.mask.area == expected.area, "\(expected.name)")
                let box = runs.boundingBox
                #expect([box.x, box.y, box.width, box.height].map(Double.init) == expected.bbox, "\(expected.name)")
                #expect(RunLengthMask(runs.mask) == runs, "\(expected.name)")
            }
        }

        @Test func pairsAreExact() throws {
            let byName = Dictionary(uniqueKeysWithValues: fixture.cases.map { ($0.name, $0) })
            for pair in fixture.pairs {
                let masks = try [pair.a, pair.b].map { name in
                    let found = try #require(byName[name])
                    return try RunLengthMask(size: ImageSize(width: found.size[1], height: found.size[0]), compressed: found.counts)
                }
                #expect(try masks[0].union(masks[1]).compressed == pair.union)
                #expect(try masks[0].intersection(masks[1]).compressed == pair.intersection)
                #expect(abs(try masks[0].intersectionOverUnion(masks[1]) - pair.iou) < 1e-9)
                #expect(abs(try masks[0].intersectionOverUnion(masks[1], truthIsCrowd: true) - pair.iou_b_is_crowd) < 1e-9)
            }
        }

        @Test func groupsAreExact() throws {
            let byName = Dictionary(uniqueKeysWithValues: fixture.cases.map { ($0.name, $0) })
            for group in fixture.iou_groups {
                let masks = try group.masks.map { name in
                    let found = try #require(byName[name])
                    return try RunLengthMask(size: ImageSize(width: found.size[1], height: found.size[0]), compressed: found.counts)
                }
                for (row, mask) in masks.enumerated() {
                    for (column, truth) in masks.enumerated() {
                        #expect(abs(try mask.intersectionOverUnion(truth) - group.iou_crowd_0[row][column]) < 1e-9, "\(group.name)")
                        let isCrowd = group.iscrowd[column] != 0
                        let overlap = try mask.intersectionOverUnion(truth, truthIsCrowd: isCrowd)
                        #expect(abs(overlap - group.iou_with_iscrowd[row][column]) < 1e-9, "\(group.name)")
                    }
                }
                let union = try masks.dropFirst().reduce(masks[0]) { try $0.union($1) }
                let intersection = try masks.dropFirst().reduce(masks[0]) { try $0.intersection($1) }
                #expect(union.compressed == group.union_all.counts && union.area == group.union_all.area)
                #expect(intersection.compressed == group.intersection_all.counts && intersection.area == group.intersection_all.area)
            }
        }

        @Test func malformedIsRefused() {
            for refused in fixture.must_be_refused {
                let size = ImageSize(width: refused.size[1], height: refused.size[0])
                #expect(throws: RunLengthError.self, "\(refused.name)") {
                    switch refused.counts {
                    case .text(let text): _ = try RunLengthMask(size: size, compressed: text)
                    case .numbers(let numbers): _ = try RunLengthMask(size: size, counts: numbers)
                    case .other: throw RunLengthError.cut
                    }
                }
            }
        }
    }

    @Test func jsonHasCOCOsForm() throws {
        let mask = Mask(width: 3, height: 2, values: [0, 1, 1, 0, 1, 0])
        let data = try JSONEncoder().encode(RunLengthMask(mask))
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["size"] as? [Int] == [2, 3])
        #expect(try JSONDecoder().decode(RunLengthMask.self, from: data).mask == mask)
    }
}
