import Media
import Support

/// A format that annotation tools, benchmarks or editors read. `description` says what each is, keeps and loses; docs/formats.md is made of
/// the same table.
public enum MaskFormat: String, Sendable, CaseIterable {
    case masks
    case davis
    case png
    case rle
    case coco
    case cocoPolygons = "coco-polygons"
    case youtubeVIS = "youtube-vis"
    case youtubeVISResults = "youtube-vis-results"
    case cvatImages = "cvat-images"
    case cvatVideo = "cvat-video"
    case cvatMasks = "cvat-masks"
    case mots
    case motsPNG = "mots-png"
    case sav
    case savFolders = "sav-folders"
    case yolo
    case supervisely
    case csv
    case csvPoints = "csv-points"
    case overlay
    case cutout
    case rgba
    case prores
    case vp9

    /// Frame numbers and object ids up to this one are taken.
    static let largestNumber = 1 << 40

    /// As it is written on the command line.
    public var name: String { rawValue }

    /// - Throws: `MaskFormatError.unknown`, which lists the names.
    public init(name: String) throws {
        guard let format = MaskFormat(rawValue: name) else {
            throw MaskFormatError.unknown(name: name, known: Self.allCases.map(\.name))
        }
        self = format
    }

    /// Those that can be read.
    public static var readable: [MaskFormat] { allCases.filter { $0.description.isReadable } }

    /// Whether frames have to come with their pictures.
    public var needsPictures: Bool { description.needsPictures }

    /// Whether frames' times are in it.
    public var keepsTimes: Bool {
        switch self {
        case .rle, .csv, .csvPoints, .overlay, .cutout, .prores, .vp9: true
        default: false
        }
    }

    /// Masks in this format, to be written.
    /// - Parameters:
    ///   - path: a file or a folder, as `description.form` says. A file is replaced; a folder must be absent or empty.
    ///   - clip: the video they belong to.
    /// - Throws: `FileError.unwritable`, and `MediaError.invalidArgument` for a path with another extension than the format's or a size
    ///   that no frame has.
    public func writer(at path: String, clip: MaskClip, options: MaskFormatOptions = .init()) throws -> MaskWriter {
        guard (1...16384).contains(clip.size.width), (1...16384).contains(clip.size.height) else {
            throw MediaError.invalidArgument("\(path): frames of \(clip.size) cannot be written.")
        }
        try description.form.check(path, format: self)
        return MaskWriter(self, path: path, clip: clip, target: try target(path, clip, options))
    }

    /// Finds out whether `path` can be written later.
    /// - Throws: as `writer`.
    public func checkWritable(_ path: String) throws {
        try description.form.check(path, format: self)
        switch description.form {
        case .folder: try PartFolder(for: path).discard()
        case .file: try PartFile(for: path).discard()
        }
    }

    /// Masks in this format, to be read.
    /// - Throws: `MaskFormatError` for content that is damaged or of another format, `FileError` for what cannot be opened.
    public func reader(at path: String, options: MaskFormatOptions = .init()) throws -> MaskReader {
        guard let source = try source(path, options) else {
            throw MaskFormatError.notReadable(format: name, readable: Self.readable.map(\.name))
        }
        return MaskReader(self, path: path, source: source)
    }

    private func target(_ path: String, _ clip: MaskClip, _ options: MaskFormatOptions) throws -> any MaskTarget {
        switch self {
        case .masks: try IndexMaskTarget(path: path, clip: clip)
        case .davis: try DAVISTarget(path: path, clip: clip)
        case .png: try BinaryPNGTarget(path: path, clip: clip)
        case .rle: try RunLengthTarget(path: path, clip: clip)
        case .coco: try COCOTarget(path: path, clip: clip, shape: .runLengths)
        case .cocoPolygons: try COCOTarget(path: path, clip: clip, shape: .polygons)
        case .youtubeVIS: try YouTubeVISTarget(path: path, clip: clip, form: .truth)
        case .youtubeVISResults: try YouTubeVISTarget(path: path, clip: clip, form: .results)
        case .cvatImages: try CVATImagesTarget(path: path, clip: clip)
        case .cvatVideo: try CVATVideoTarget(path: path, clip: clip)
        case .cvatMasks: try CVATMasksTarget(path: path, clip: clip)
        case .mots: try MOTSTarget(path: path, clip: clip)
        case .motsPNG: try MOTSPNGTarget(path: path, clip: clip)
        case .sav: try SAVTarget(path: path, clip: clip)
        case .savFolders: try SAVFoldersTarget(path: path, clip: clip)
        case .yolo: try YOLOTarget(path: path, clip: clip)
        case .supervisely: try SuperviselyTarget(path: path, clip: clip)
        case .csv: try CSVTarget(path: path, clip: clip, rows: .objects)
        case .csvPoints: try CSVTarget(path: path, clip: clip, rows: .points)
        case .overlay: try OverlayTarget(path: path, clip: clip, renderer: options.overlay)
        case .cutout: try CutoutTarget(path: path, clip: clip, background: options.background)
        case .rgba: try RGBATarget(path: path, clip: clip)
        case .prores: try AlphaVideoTarget(path: path, clip: clip, codec: .proRes4444)
        case .vp9: try AlphaVideoTarget(path: path, clip: clip, codec: .vp9)
        }
    }

    /// Nil: it is not read.
    private func source(_ path: String, _ options: MaskFormatOptions) throws -> (any MaskSource)? {
        switch self {
        case .masks: try IndexMaskSource(path: path)
        case .davis: try DAVISSource.open(path, sequence: options.sequence)
        case .png: try BinaryPNGSource(path: path)
        case .rle: try RunLengthSource(path: path)
        case .coco, .cocoPolygons: try COCOSource(path: path)
        case .youtubeVIS, .youtubeVISResults: try YouTubeVISSource(path: path, video: options.sequence)
        case .cvatImages: try CVATImagesSource(path: path)
        case .mots: try MOTSSource(path: path)
        case .motsPNG: try MOTSPNGSource(path: path)
        case .sav: try SAVSource(path: path)
        case .savFolders: try SAVFoldersSource.open(path, video: options.sequence)
        case .cvatVideo, .cvatMasks, .yolo, .supervisely, .csv, .csvPoints, .overlay, .cutout, .rgba, .prores, .vp9: nil
        }
    }
}
