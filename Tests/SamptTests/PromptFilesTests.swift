import Foundation
import Media
import Segmenters
import TestSupport
import Testing

@testable import SamptCommands
@testable import SegmentationJobs

@Suite("The reference's query-point text file")
struct QueryPointsFileTests {
    @Test("First P points positive, the rest negative; blanks and blank lines as in the reference")
    func grammar() throws {
        let text = " 2 \n0; 1,2 3.5,4 5,6\n\n 48 ;7,8  9,10\n"
        #expect(
            try QueryPointsFile.parse(text, path: "f") == [
                MarkedObject(id: 1, frame: 0, points: [.positive(1, 2), .positive(3.5, 4), .negative(5, 6)]),
                MarkedObject(id: 2, frame: 48, points: [.positive(7, 8), .positive(9, 10)]),
            ])
    }

    @Test(
        "Errors name the line",
        arguments: [
            ("\n1\n0;1,2", "f, line 1: expected the number of positive points of each object, found \"\"."),
            ("0\n0;1,2", "f, line 1: each object needs at least one positive point, not 0."),
            ("1\n0;1,2;3,4", "f, line 2: expected \"FRAME; x,y x,y ...\" with one semicolon, found 2."),
            ("1\n0 1,2", "f, line 2: expected \"FRAME; x,y x,y ...\" with one semicolon, found 0."),
            ("1\n\nx;1,2", "f, line 3: \"x\" is not a frame number."),
            ("1\n0;1 2", "f, line 2: \"1\" is not a point \"x,y\"."),
            ("3\n0;1,2 3,4", "f, line 2: has 2 points, fewer than the 3 positive ones line 1 says."),
            ("3\n", "f: holds no object lines."),
        ])
    func errors(text: String, message: String) {
        #expect(throws: CommandError.invalidInput(message)) { try QueryPointsFile.parse(text, path: "f") }
    }

    @Test("Told from JSON by its first line")
    func detection() {
        #expect(QueryPointsFile.matches("3\n0;1,2"))
        #expect(!QueryPointsFile.matches("{\"objects\": []}"))
        #expect(!QueryPointsFile.matches(""))
    }
}

@Suite("The prompts file in JSON")
struct PromptsFileTests {
    private func parse(_ text: String) throws -> [MarkedObject] {
        try PromptsFile.parse(Data(text.utf8), path: "p.json", folder: URL(fileURLWithPath: "/data"))
    }

    @Test("Points in three forms, boxes, masks relative to the file")
    func everything() throws {
        let text = """
            {"objects": [
              {"name": "rabbit", "points": [[1, 2], [3, 4.5, 0], {"x": 5, "y": 6, "label": 1}]},
              {"id": 7, "frame": 48, "box": [1, 2, 30, 40]},
              {"mask": "m.png"}, {"mask": {"file": "/abs/m.png", "id": 2}}
            ]}
            """
        #expect(
            try parse(text) == [
                MarkedObject(id: 1, name: "rabbit", points: [.positive(1, 2), .negative(3, 4.5), .positive(5, 6)]),
                MarkedObject(id: 7, frame: 48, box: Box(x0: 1, y0: 2, x1: 30, y1: 40)),
                MarkedObject(id: 3, mask: MaskReference(path: "/data/m.png")),
                MarkedObject(id: 4, mask: MaskReference(path: "/abs/m.png", id: 2)),
            ])
    }

    @Test(
        "Errors name the field",
        arguments: [
            (#"{"objects": []}"#, "objects: is empty"),
            (#"{"items": []}"#, "unknown field \"items\""),
            (#"{"objects": [{"points": [[1, 2]], "fram": 3}]}"#, "objects[0]: unknown field \"fram\""),
            (#"{"objects": [{"points": [[1, 2]]}, {"name": "x"}]}"#, "objects[1]: needs one of points, box and mask, has none"),
            (#"{"objects": [{"points": [[1, 2]], "box": [1, 2, 3, 4]}]}"#, "has points and box"),
            (#"{"objects": [{"points": []}]}"#, "objects[0].points: is empty"),
            (#"{"objects": [{"points": [[1, 2], [1, "a"]]}]}"#, "objects[0].points[1]"),
            (#"{"objects": [{"points": [[1, 2, 5]]}]}"#, "label 5 is neither 1"),
            (#"{"objects": [{"points": [{"x": 1}]}]}"#, "the field \"y\" is missing"),
            (#"{"objects": [{"frame": "a", "points": [[1, 2]]}]}"#, "objects[0].frame: expected an integer"),
            (#"{"objects": [{"box": [1, 2, 3]}]}"#, "objects[0].box: needs four numbers [x0, y0, x1, y1], has 3"),
            (#"{"objects": ["#, "is not valid JSON"),
        ])
    func errors(text: String, message: String) {
        let error = #expect(throws: CommandError.self) { try parse(text) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
        #expect(error?.description.hasPrefix("p.json: ") == true)
        #expect(error?.status == .invalidInput)
    }
}
