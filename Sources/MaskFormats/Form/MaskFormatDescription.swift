import Foundation
import Media

/// What a format is, for people: help, lists, messages and docs/formats.md come from here.
public struct MaskFormatDescription: Sendable {
    /// What it is, in a few words.
    public let title: String
    public let form: Form
    public let keeps: String
    public let loses: String
    public let isReadable: Bool
    public let needsPictures: Bool

    /// What it is on disk.
    public enum Form: Sendable, Equatable {
        case folder
        /// A file with one of these extensions; the first is the usual one.
        case file([String])

        /// "folder", ".json".
        public var text: String {
            switch self {
            case .folder: "folder"
            case .file(let extensions): extensions.map { "." + $0 }.joined(separator: ", ")
            }
        }

        func check(_ path: String, format: MaskFormat) throws {
            guard case .file(let extensions) = self, !extensions.contains((path as NSString).pathExtension.lowercased()) else { return }
            throw MediaError.invalidArgument(
                "\(path): the format \(format.name) is written to a file that ends in \(text).")
        }
    }

    init(
        _ title: String, _ form: Form, keeps: String, loses: String, isReadable: Bool = false, needsPictures: Bool = false
    ) {
        (self.title, self.form, self.keeps, self.loses) = (title, form, keeps, loses)
        (self.isReadable, self.needsPictures) = (isReadable, needsPictures)
    }
}

extension MaskFormatDescription {
    /// The table of docs/formats.md.
    public static var table: String {
        let rows = MaskFormat.allCases.map { format in
            let about = format.description
            let ways = about.isReadable ? "out, in" : "out"
            return "| `\(format.name)` | \(about.title) | \(about.form.text) | \(ways) | \(about.keeps) | \(about.loses) |"
        }
        return (["| format | what it is | on disk | | keeps | loses |", "|---|---|---|---|---|---|"] + rows).joined(separator: "\n") + "\n"
    }
}

extension MaskFormat {
    public var description: MaskFormatDescription {
        switch self {
        case .masks:
            .init(
                "index PNGs, one a frame, as --masks writes", .folder, keeps: "masks, ids, frame numbers or names",
                loses: "overlaps (the later object lies on top), names, scores", isReadable: true)
        case .davis:
            .init(
                "a data set in the form of DAVIS 2017", .folder, keeps: "masks, ids from 1 to 254, frame numbers or names",
                loses: "overlaps, names, scores, pictures", isReadable: true)
        case .png:
            .init(
                "one black and white PNG an object and frame, in a folder an object", .folder,
                keeps: "masks whole, also where they overlap; ids, names, categories, colours, frame numbers or names", loses: "scores",
                isReadable: true)
        case .rle:
            .init(
                "run lengths in JSON, as --rle writes", .file(["json"]), keeps: "masks, ids, names, scores, confidence, times",
                loses: "categories, colours", isReadable: true)
        case .coco:
            .init(
                "COCO JSON with compressed run lengths", .file(["json"]),
                keeps: "masks, ids (track_id), names, categories, scores, frame numbers", loses: "colours", isReadable: true)
        case .cocoPolygons:
            .init(
                "COCO JSON with polygons along the pixels' edges", .file(["json"]),
                keeps: "masks to the pixel, holes too; else as coco", loses: "colours", isReadable: true)
        case .youtubeVIS:
            .init(
                "YouTube-VIS JSON, ground truth", .file(["json"]), keeps: "masks, ids, names, categories, frame numbers",
                loses: "scores, colours", isReadable: true)
        case .youtubeVISResults:
            .init(
                "YouTube-VIS JSON, a method's results", .file(["json"]), keeps: "masks, a mean score an object",
                loses: "ids (the order stays), names, category names, frame numbers", isReadable: true)
        case .cvatImages:
            .init(
                "CVAT for images 1.1, masks", .file(["xml"]), keeps: "masks, ids (group_id), categories, frame numbers",
                loses: "names, scores", isReadable: true)
        case .cvatVideo:
            .init(
                "CVAT for video 1.1, polygon tracks", .file(["xml"]),
                keeps: "outlines, ids (group_id), categories, frame numbers; each part of an object is a track of its group",
                loses: "holes, names, scores")
        case .cvatMasks:
            .init(
                "CVAT segmentation mask 1.1", .folder, keeps: "masks, categories, colours",
                loses: "overlaps, names, scores; ids above 254 do not fit")
        case .mots:
            .init(
                "MOTS text, as KITTI (frames from 0)", .file(["txt"]),
                keeps: "masks, ids as class x 1000 + id, category numbers, frame numbers",
                loses: "overlaps, names, category names, scores, frames without objects", isReadable: true)
        case .motsPNG:
            .init(
                "MOTS PNGs of 16 bits", .folder, keeps: "masks, ids as class x 1000 + id, frame numbers",
                loses: "overlaps, names, category names, scores", isReadable: true)
        case .sav:
            .init(
                "SA-V JSON", .file(["json"]), keeps: "masks, ids", loses: "all but every fourth frame, names, categories, scores",
                isReadable: true)
        case .savFolders:
            .init(
                "SA-V folders, a PNG an object and frame", .folder, keeps: "masks whole, ids",
                loses: "all but every fourth frame, names, categories, scores", isReadable: true)
        case .yolo:
            .init(
                "YOLO segmentation, a text file a frame", .folder, keeps: "outlines to the pixel, categories, frame numbers",
                loses: "ids, names, scores; parts of an object are apart")
        case .supervisely:
            .init(
                "a Supervisely video project", .folder, keeps: "masks whole, objects, categories, colours, frame numbers",
                loses: "names, scores")
        case .csv:
            .init(
                "objects as a table: a row an object and frame", .file(["csv"]), keeps: "boxes, areas, centres, ids, names, scores, times",
                loses: "masks")
        case .csvPoints:
            .init(
                "tracked points as a table: a row a point and frame", .file(["csv"]), keeps: "points, visibility, confidence, times",
                loses: "masks")
        case .overlay:
            .init(
                "a video with masks drawn in", .file(["mp4", "mov", "mkv"]), keeps: "a view of it, times, sound",
                loses: "masks as data", needsPictures: true)
        case .cutout:
            .init(
                "a video of the objects on one colour", .file(["mp4", "mov", "mkv"]), keeps: "the objects' pixels, times, sound",
                loses: "which object is which", needsPictures: true)
        case .rgba:
            .init(
                "RGBA PNGs with straight alpha, one a frame", .folder,
                keeps: "pictures, the union of masks as alpha, frame numbers or names",
                loses: "which object is which, times", needsPictures: true)
        case .prores:
            .init(
                "ProRes 4444 with straight alpha, for editing", .file(["mov"]), keeps: "pictures, the union of masks as exact alpha, times",
                loses: "which object is which, sound", needsPictures: true)
        case .vp9:
            .init(
                "VP9 with alpha, for browsers (not Safari)", .file(["webm"]), keeps: "pictures and alpha, both compressed, times",
                loses: "which object is which, sound", needsPictures: true)
        }
    }
}
