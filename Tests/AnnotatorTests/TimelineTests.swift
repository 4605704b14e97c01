import Foundation
import SAMPT
import Testing

@testable import Annotator

@Suite("What the timeline is told")
struct TimelineTests {
    @Test func absentPresentAndUnknownDiffer() {
        let frames: [FrameSummary?] = [
            nil, FrameSummary(index: 1, isPresent: false, confidence: 0.9, weakness: .lost),
            FrameSummary(index: 2, isPresent: true, confidence: 0),
            FrameSummary(index: 3, isPresent: true, confidence: 0.5), FrameSummary(index: 4, isPresent: true, confidence: 1),
        ]
        #expect([UInt8](AnnotatorService.bytes(frames)) == [0, 1, 2, 128, 255])
    }

    @Test func whatAPersonGaveIsSure() {
        #expect([UInt8](AnnotatorService.bytes([FrameSummary(index: 0, isPresent: true)])) == [255])
        #expect([UInt8](AnnotatorService.bytes([FrameSummary(index: 0, isPresent: false)])) == [1])
    }

    @Test(arguments: [-1, 2, Float.infinity]) func confidencesOutOfRangeStayInside(_ confidence: Float) {
        let byte = AnnotatorService.bytes([FrameSummary(index: 0, isPresent: true, confidence: confidence)])[0]
        #expect(byte == (confidence < 0 ? 2 : 255))
    }

    @Test func aConfidenceThatIsNoNumberIsNone() {
        #expect(AnnotatorService.bytes([FrameSummary(index: 0, isPresent: true, confidence: .nan)])[0] == 2)
    }
}
