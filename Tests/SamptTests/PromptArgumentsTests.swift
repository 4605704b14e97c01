import ArgumentParser
import Foundation
import Media
import SAMPT
import Segmenters
import TestSupport
import Testing

@testable import SamptCommands
@testable import SegmentationJobs

@Suite("Prompts on the command line")
struct PromptArgumentsTests {
    private struct Marks: ParsableArguments {
        @OptionGroup var prompts: PromptOptions
        @OptionGroup var queryFrames: QueryFrameOptions
    }

    private func objects(_ arguments: String...) throws -> [MarkedObject] {
        let marks = try Marks.parse(arguments)
        return try marks.prompts.objects(frames: marks.queryFrames.frame)
    }

    @Test("A point without a number is for object 1")
    func pointForms() throws {
        #expect(try objects("--point", "320,240") == [MarkedObject(id: 1, points: [.positive(320, 240)])])
        #expect(try objects("--point", "2:3.5, 4") == [MarkedObject(id: 2, points: [.positive(3.5, 4)])])
    }

    @Test("Ragged points of several objects, each with its own frame and name")
    func severalObjects() throws {
        let found = try objects(
            "--point", "2:1,2", "--negative", "2:3,4", "--point", "5,6", "--point", "1:7,8", "--frame", "3", "--frame", "2:48",
            "--name", "2:rabbit")
        #expect(
            found == [
                MarkedObject(id: 1, frame: 3, points: [.positive(5, 6), .positive(7, 8)]),
                MarkedObject(id: 2, name: "rabbit", frame: 48, points: [.positive(1, 2), .negative(3, 4)]),
            ])
    }

    @Test("A box")
    func box() throws {
        #expect(try objects("--box", "4:1,2,30,40") == [MarkedObject(id: 4, box: Box(x0: 1, y0: 2, x1: 30, y1: 40))])
    }

    @Test("Other forms are refused", arguments: ["", "1", "1:2", "1:2,3,4", "a,b", "nan,1", "1,inf", "x:1,2", "1;2"])
    func malformedPoints(text: String) {
        #expect(throws: (any Error).self) { try PromptOptions.parse(["--point", text]) }
    }

    @Test("A negative coordinate is read, to be refused as outside the frame")
    func negativeCoordinate() throws {
        #expect(try objects("--point", "-5,3") == [MarkedObject(id: 1, points: [.positive(-5, 3)])])
    }

    @Test("A frame or name of an object that is not marked is refused")
    func unknownObject() {
        #expect(throws: CommandError.usage("--frame 2:...: object 2 is not marked.")) { try objects("--point", "1,1", "--frame", "2:4") }
        #expect(throws: CommandError.usage("--name 2:...: object 2 is not marked.")) { try objects("--point", "1,1", "--name", "2:x") }
    }

    @Test("Two ways of marking one object are refused when the query is made")
    func twoKinds() throws {
        let object = try objects("--point", "1,1", "--box", "0,0,5,5")[0]
        #expect(throws: CommandError.usage("object 1: is marked with points and a box. Mark an object in one way only.")) {
            try object.query(numbering: FrameNumbering(first: 0, stride: 1, count: 3, originalCount: 3))
        }
    }

    @Test("An index mask marks every object in it; a black and white one is object 1")
    func masks() throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        var mask = IndexMask(width: 4, height: 3)
        (mask.values[0], mask.values[5]) = (3, 7)
        let indexed = folder.appendingPathComponent("index.png").path
        try ImageFile.writeIndexMask(mask, to: indexed)
        #expect(try objects("--mask", indexed).map(\.id) == [3, 7])
        #expect(try objects("--mask", indexed)[1].mask?.read(object: "").area == 1)
        #expect(try objects("--mask", "9:\(indexed)")[0].mask?.read(object: "").area == 2)
        let binary = folder.appendingPathComponent("binary.png").path
        try ImageFile.writeMask(mask.foreground, to: binary)
        let found = try objects("--mask", binary)
        #expect(found.map(\.id) == [1])
        #expect(try found[0].mask?.read(object: "").area == 2)
        let empty = folder.appendingPathComponent("empty.png").path
        try ImageFile.writeMask(Mask(width: 4, height: 3), to: empty)
        #expect(throws: MediaError.invalidMask(path: empty, reason: "it is empty: every pixel is 0")) { try objects("--mask", empty) }
    }
}

@Suite("Frame numbers of the original video")
struct FrameNumberingTests {
    private let numbering = FrameNumbering(first: 10, stride: 5, count: 4, originalCount: 30)

    @Test("Kept frames translate both ways")
    func kept() throws {
        for position in 0..<4 { #expect(try numbering.position(of: 10 + 5 * position, object: "a") == position) }
        #expect(numbering.last == 25)
    }

    @Test("A frame between the kept ones names its neighbours")
    func skipped() {
        #expect(throws: CommandError.invalidInput("a: query frame 12 is left out by --stride 5; the nearest frames read are 10 and 15.")) {
            try numbering.position(of: 12, object: "a")
        }
    }

    @Test("No stride overflows")
    func hugeStride() {
        let numbering = FrameNumbering(first: 3, stride: .max, count: 1, originalCount: 30)
        #expect(throws: CommandError.invalidInput("a: query frame 5 is left out; the frames read are 3 to 3 (see --start, --end).")) {
            try numbering.position(of: 5, object: "a")
        }
        let two = FrameNumbering(first: 3, stride: 1 << 62, count: 2, originalCount: .max)
        #expect(throws: CommandError.self) { try two.position(of: 1 << 61, object: "a") }
    }

    @Test("Frames outside the range and outside the video are told apart", arguments: [(5, true), (26, true), (30, false), (-1, false)])
    func outside(frame: Int, isInVideo: Bool) {
        let error = #expect(throws: (any Error).self) { try numbering.position(of: frame, object: "a") }
        #expect((error is CommandError) == isInVideo)
        #expect((error as? QueryError == .frameOutOfRange(object: "a", frame: frame, frameCount: 30)) == !isInVideo)
    }
}
