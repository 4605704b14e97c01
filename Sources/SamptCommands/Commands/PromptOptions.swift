import ArgumentParser
import Foundation
import Media
import SegmentationJobs
import Segmenters
import Support

/// How objects are marked on the command line.
struct PromptOptions: ParsableArguments {
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            """
            A point on an object, in pixels of the original frame; repeat for more. Without "OBJECT:" it is for object 1. Pixel centres are at +0.5: SAM's \
            point 320,240 is the middle of that pixel, here 320.5,240.5.
            """,
            valueName: "[object:]x,y"))
    var point: [ObjectArgument<Coordinates>] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("A point that is not on the object; repeat for more.", valueName: "[object:]x,y"))
    var negative: [ObjectArgument<Coordinates>] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("A box around an object; x1 and y1 are exclusive.", valueName: "[object:]x0,y0,x1,y1"))
    var box: [ObjectArgument<BoxCorners>] = []

    @Option(
        help: ArgumentHelp(
            "A mask PNG. \"3:file.png\": all its pixels above 0 are object 3. \"file.png\": an index mask, each id in it is an object.",
            valueName: "[object:]file"))
    var mask: [ObjectArgument<String>] = []

    @Option(help: ArgumentHelp("What an object is called in legends and results.", valueName: "object:name"))
    var name: [ObjectArgument<String>] = []

    @Option(
        help: ArgumentHelp(
            "Objects from a file: JSON (docs/cli.md) or SAM-PT's query-point text, told apart by content.", valueName: "file"))
    var prompts: String?

    @Option(help: ArgumentHelp("Objects from a query-point text file of the SAM-PT reference implementation.", valueName: "file"))
    var queryPoints: String?

    /// All objects, ascending by number.
    /// - Parameter frames: the query frames of `--frame`.
    /// - Throws: `CommandError` for what contradicts itself, `FileError` and `MediaError` for files.
    func objects(frames: [ObjectArgument<Int>] = []) throws -> [MarkedObject] {
        var objects: [Int: MarkedObject] = [:]
        for object in try fileObjects() {
            guard objects[object.id] == nil else {
                throw CommandError.invalidInput("Object number \(object.id) is given twice in the prompts.")
            }
            objects[object.id] = object
        }
        func change(_ id: Int?, _ body: (inout MarkedObject) -> Void) {
            let id = id ?? 1
            body(&objects[id, default: MarkedObject(id: id)])
        }
        for item in point { change(item.object) { $0.points.append(.positive(item.value.x, item.value.y)) } }
        for item in negative { change(item.object) { $0.points.append(.negative(item.value.x, item.value.y)) } }
        for item in box {
            guard objects[item.object ?? 1]?.box == nil else { throw CommandError.usage("Object \(item.object ?? 1) has two boxes.") }
            change(item.object) { $0.box = item.value.box }
        }
        for item in mask { try add(item, to: &objects) }
        try apply(frames, to: &objects)
        return objects.values.sorted { $0.id < $1.id }
    }

    /// The files that objects come from.
    var files: [String] { [prompts, queryPoints].compactMap { $0 } }

    private func fileObjects() throws -> [MarkedObject] {
        guard prompts == nil || queryPoints == nil else { throw CommandError.usage("Give --prompts or --query-points, not both.") }
        guard let path = prompts ?? queryPoints else { return [] }
        return try MarkedObject.parse(TextFile.read(path), path: path, isQueryPoints: queryPoints != nil)
    }

    private func add(_ item: ObjectArgument<String>, to objects: inout [Int: MarkedObject]) throws {
        let references: [(Int, MaskReference)]
        if let object = item.object {
            references = [(object, MaskReference(path: item.value))]
        } else {
            let ids = try ImageFile.readIndexMask(item.value).ids
            guard !ids.isEmpty else { throw MediaError.invalidMask(path: item.value, reason: "it is empty: every pixel is 0") }
            // A black and white mask marks one object, not the 255th.
            references = ids == [255] ? [(1, MaskReference(path: item.value))] : ids.map { ($0, MaskReference(path: item.value, id: $0)) }
        }
        for (id, reference) in references {
            guard objects[id]?.mask == nil else { throw CommandError.usage("Object \(id) has two masks.") }
            objects[id, default: MarkedObject(id: id)].mask = reference
        }
    }

    /// Gives objects their names and query frames.
    private func apply(_ frames: [ObjectArgument<Int>], to objects: inout [Int: MarkedObject]) throws {
        func requireKnown(_ id: Int, _ option: String) throws {
            guard objects[id] != nil else { throw CommandError.usage("--\(option) \(id):...: object \(id) is not marked.") }
        }
        for item in name {
            let id = item.object ?? 1
            try requireKnown(id, "name")
            objects[id]?.name = item.value
        }
        let common = frames.filter { $0.object == nil }
        guard common.count <= 1 else { throw CommandError.usage("--frame is given twice for all objects. Write --frame OBJECT:N for one.") }
        if let value = common.first?.value {
            for id in objects.keys where objects[id]?.frame == nil { objects[id]?.frame = value }
        }
        for item in frames {
            guard let id = item.object else { continue }
            try requireKnown(id, "frame")
            objects[id]?.frame = item.value
        }
    }
}

/// In which frames of a video objects are marked.
struct QueryFrameOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The query frame, where an object is marked, counted from 0 in the original video; without \"OBJECT:\" for all (default: the first frame).",
            valueName: "[object:]n"))
    var frame: [ObjectArgument<Int>] = []
}
