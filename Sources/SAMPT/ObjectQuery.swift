import Media
import Segmenters
import Support

/// An object's number: what it is known by in prompts, index masks and results, 1 to 65535.
public typealias ObjectID = Int

/// An object to segment, marked in one frame of the video.
///
///     ObjectQuery(id: 1, frame: 0, prompt: .points([.positive(320, 240), .negative(10, 20)]))
///     ObjectQuery(id: 2, frame: 48, prompt: .mask(mask))
public struct ObjectQuery: Sendable {
    /// How an object is marked.
    public enum Prompt: Sendable {
        /// Clicks: at least one positive; coordinates in pixels of the frame, pixel centres at +0.5.
        case points([PointPrompt])
        /// A box around the object, at least 1 pixel wide and high, inside the frame; the mask of the query frame is clipped to it.
        case box(Box)
        /// The object's pixels, of the video's frame size, not empty.
        case mask(Mask)
    }

    /// The object's number in index masks and results, 1 to 65535, unique among the objects of a run.
    public var id: ObjectID
    /// What the object is called in legends and results.
    public var name: String
    /// The query frame: where the object is marked. It is tracked from here, forwards and backwards.
    public var frame: Int
    public var prompt: Prompt

    /// - Parameter name: "object <id>" when nil.
    public init(id: Int, name: String? = nil, frame: Int = 0, prompt: Prompt) {
        self.id = id
        self.name = name ?? "object \(id)"
        self.frame = frame
        self.prompt = prompt
    }
}

/// What is wrong with a request to segment a video. Thrown when the first frame is asked for.
public enum QueryError: Error, Sendable, Equatable {
    case noObjects
    case invalidID(Int)
    case duplicateID(Int)
    case frameOutOfRange(object: String, frame: Int, frameCount: Int)
    case noPositivePoint(object: String)
    case pointOutside(object: String, x: Float, y: Float, size: ImageSize)
    case boxOutside(object: String, size: ImageSize)
    case emptyMask(object: String)
    case maskSizeDiffers(object: String, mask: ImageSize, frame: ImageSize)
    case nothingFound(object: String, frame: Int)
    case invalidOption(name: String, range: String)
}

extension QueryError: DescribedError {
    public var description: String {
        switch self {
        case .noObjects:
            "No object is marked. Give at least one point, box or mask."
        case .invalidID(let id):
            "Object number \(id) is not between 1 and 65535."
        case .duplicateID(let id):
            "Object number \(id) is given twice. Each object needs a number of its own."
        case .frameOutOfRange(let object, let frame, let count):
            "\(object): query frame \(frame) does not exist: the video has \(count) frame\(count == 1 ? "" : "s") (0 to \(count - 1))."
        case .noPositivePoint(let object):
            "\(object): has only negative points. At least one point must lie on the object."
        case .pointOutside(let object, let x, let y, let size):
            "\(object): point (\(x), \(y)) lies outside the frame of \(size) pixels."
        case .boxOutside(let object, let size):
            "\(object): the box is empty or lies outside the frame of \(size) pixels."
        case .emptyMask(let object):
            "\(object): the mask is empty."
        case .maskSizeDiffers(let object, let mask, let frame):
            "\(object): the mask is \(mask), the video \(frame). They must have one size."
        case .invalidOption(let name, let range):
            "The option \(name) must be \(range)."
        case .nothingFound(let object, let frame):
            "\(object): the segmenter finds nothing at the given points in frame \(frame). Click nearer to the object's middle or give a mask."
        }
    }
}

extension ObjectQuery {
    /// Checks a set of queries against a video before anything runs.
    static func validate(_ queries: [ObjectQuery], size: ImageSize, frameCount: Int) throws {
        guard !queries.isEmpty else { throw QueryError.noObjects }
        var ids = Set<Int>()
        for query in queries {
            guard (1...65535).contains(query.id) else { throw QueryError.invalidID(query.id) }
            guard ids.insert(query.id).inserted else { throw QueryError.duplicateID(query.id) }
            guard query.frame >= 0, query.frame < frameCount else {
                throw QueryError.frameOutOfRange(object: query.name, frame: query.frame, frameCount: frameCount)
            }
            try query.checkPrompt(size: size)
        }
    }

    /// Checks the prompt against the size of the frames in whose pixels it is given.
    /// - Throws: `QueryError`.
    public func checkPrompt(size: ImageSize) throws {
        switch prompt {
        case .points(let points):
            if let outside = points.first(where: { !size.contains($0.position) }) {
                throw QueryError.pointOutside(object: name, x: outside.position.x, y: outside.position.y, size: size)
            }
            guard points.contains(where: \.isPositive) else { throw QueryError.noPositivePoint(object: name) }
        case .box(let box):
            let inside = box.x0 >= 0 && box.y0 >= 0 && box.x1 <= Float(size.width) && box.y1 <= Float(size.height)
            guard inside, box.width >= 1, box.height >= 1 else { throw QueryError.boxOutside(object: name, size: size) }
        case .mask(let mask):
            guard mask.size == size else { throw QueryError.maskSizeDiffers(object: name, mask: mask.size, frame: size) }
            guard !mask.isEmpty else { throw QueryError.emptyMask(object: name) }
        }
    }
}
