import Foundation
import Media
import Segmenters
import TestSupport
import Testing

@testable import SAMPT

@Suite("Edits as lines of JSON, results as bytes")
struct SessionEditTests {
    private static let place = AnchorPlace(object: 3, frame: 12)
    private static let point = PromptPoint(
        id: 4, position: SIMD2(1.25, 0.1), isPositive: false, status: .dissimilar, confidence: 0.7, origin: .click)
    private static let logits = RoundedLogits(MaskLogits(width: 3, height: 2, values: [-100, -0.01, 0, 0.01, 2.06, 100]))
    private static let mask = RunLengthMask(disk(at: SIMD2(5, 5), radius: 3, size: ImageSize(width: 12, height: 9)))
    private static let key = SpanKey(of: "key")

    @Test(
        "What is written is read",
        arguments: [
            .addObject(object: 3, name: "a \"b\" ü", color: Color(0, 160, 255), category: "c"), .addObject(object: nil), .undo, .redo,
            .renameObject(object: 1, name: "b"), .recolorObject(object: 1, color: nil), .categorizeObject(object: 2, category: nil),
            .removeObject(object: 7), .orderObjects([3, 1]),
            .addPoint(
                place, point: 2, position: SIMD2(0.1, 3.5), isPositive: false,
                base: CorrectionBase(points: [point], logits: logits, mask: mask)),
            .movePoint(place, point: 1, position: SIMD2(2, 1)), .removePoint(place, point: 1),
            .moveTrack(place, track: 5, position: SIMD2(2, 1)), .removeTrack(place, track: 5, base: CorrectionBase()),
            .setBox(place, Box(x0: 1, y0: 2, x1: 3.5, y1: 4)), .setBox(place, nil),
            .addStroke(place, BrushStroke(path: [SIMD2(1, 2), SIMD2(3, 4)], radius: 2.5, erases: true)),
            .addStroke(place, BrushStroke(lasso: [SIMD2(1, 2), SIMD2(3, 4), SIMD2(0.5, 9)])), .setMask(place, mask),
            .setMask(place, nil), .choose(place, MaskCandidate(index: 1, score: 0.5, logits: logits, mask: mask)), .choose(place, nil),
            .clearAnchor(place), .group([.addObject(object: 4), .setMask(place, mask)]), .propagate(Propagation()),
            .propagate(
                Propagation(
                    objects: [1, 2], range: 3...9, direction: .backward, policy: .paper, recomputesAll: true,
                    plan: PropagationPlan(
                        number: 2, spans: [PlannedSpan(object: 1, anchor: 3, frames: 3...9, direction: .forward, key: key, base: key)],
                        rivals: [2: [key]]))),
            .reached(PropagationReach(number: 2, spans: [key: 3...4], ending: .cancelled)),
            .reached(PropagationReach(number: 2, spans: [:], ending: nil)),
        ] as [Edit])
    func roundTrips(edit: Edit) throws {
        let line = try edit.json
        #expect(!line.contains("\n") && line.contains("\"v\":1"))
        #expect(try Edit(json: line) == edit, "\(line)")
        #expect(try Edit(json: line).json == line)
    }

    @Test("People write less") func short() throws {
        #expect(
            try Edit(json: #"{"edit": "add-point", "object": 3, "frame": 12, "x": 1, "y": 2}"#)
                == .addPoint(Self.place, point: nil, position: SIMD2(1, 2), isPositive: true))
        #expect(try Edit(json: #"{"edit":"propagate"}"#) == .propagate(Propagation()))
    }

    @Test(
        "What cannot be understood is named",
        arguments: [
            ("", .notJSON(reason: "")), ("[]", .notJSON(reason: "")), (#"{"v":1}"#, .missingField("edit", edit: "")),
            (#"{"v":2,"edit":"undo"}"#, .laterVersion(2)), (#"{"edit":"fly"}"#, .unknownEdit("fly")),
            (#"{"edit":"undo","twice":true}"#, .unknownField("twice", edit: "undo")),
            (#"{"edit":"group","edits":7}"#, .invalidField("edits", edit: "group", allowed: "a list of edits")),
            (#"{"edit":"group","edits":[{"edit":"undo","twice":true}]}"#, .unknownField("twice", edit: "undo")),
            (#"{"edit":"remove-object"}"#, .missingField("object", edit: "remove-object")),
            (#"{"edit":"remove-object","object":"a"}"#, .invalidField("object", edit: "remove-object", allowed: "a whole number")),
            (#"{"edit":"add-object","color":"red"}"#, .invalidField("color", edit: "add-object", allowed: "a colour such as #E0A030")),
            (#"{"edit":"set-box","object":1,"frame":0,"box":[1,2]}"#, .invalidField("box", edit: "set-box", allowed: "[x0, y0, x1, y1]")),
            (#"{"edit":"propagate","policy":"free"}"#, .invalidField("policy", edit: "propagate", allowed: "paper or anchored")),
            (#"{"edit":"propagate","frames":[9,3]}"#, .invalidField("frames", edit: "propagate", allowed: "[first, last]")),
        ] as [(String, EditError)])
    func refused(line: String, expected: EditError) {
        #expect { try Edit(json: line) } throws: { error in
            if case .notJSON = expected, case .notJSON? = error as? EditError { return true }
            return error as? EditError == expected
        }
    }

    @Test("Logits are rounded to eighths, and signs stay") func rounding() {
        #expect(Self.logits.levels == [-127, 0, 0, 1, 16, 127])
        #expect(RoundedLogits(Self.logits.logits) == Self.logits)
        #expect(RoundedLogits(MaskLogits(width: 2, height: 1, values: [.nan, -.infinity])).levels == [0, -127])
    }

    private static var frames: [SpanFrame] {
        var evidence = MaskEvidence(origin: .predicted)
        evidence.areaRatio = 0.3
        return [
            SpanFrame(index: 0, origin: .absent),
            SpanFrame(
                index: 9, origin: .predicted, mask: mask, logits: logits, predictedIoU: 0.75, evidence: evidence,
                points: [point, point]),
            SpanFrame(index: 1 << 20, origin: .given, mask: RunLengthMask(Mask(width: 3, height: 3)), evidence: .given),
        ]
    }

    @Test("A frame's bytes give the frame") func frameBytes() throws {
        for frame in Self.frames { #expect(try SpanFrame(data: frame.data) == frame) }
    }

    @Test("Damaged bytes are refused, or another frame, and never stop the program") func damage() {
        var generator = SeededBytes(state: 7)
        for frame in Self.frames {
            let data = frame.data
            for length in 0..<data.count { #expect(throws: SessionError.self) { try SpanFrame(data: data.prefix(length)) } }
            for _ in 0..<2000 {
                var bytes = data
                for _ in 0...Int(generator.next() % 3) {
                    bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: generator.next())
                }
                _ = try? SpanFrame(data: bytes)
            }
        }
    }
}

private struct SeededBytes {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }
}
