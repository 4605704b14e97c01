import Foundation
import Media

/// CVAT for video 1.1 (docs.cvat.ai): `<track>`s of polygons. A polygon is one line, so each part of an object, in order of size, is a
/// track, and `group_id` tells which tracks are one object.
final class CVATVideoTarget: MaskTarget {
    private let output: TextOutput
    private let spool: Spool
    private let clip: MaskClip
    private var labels: CVATLabels
    private var tracks: [Track] = []
    /// The tracks of each object, by the part's place.
    private var places: [Int: [Int]] = [:]
    private var (first, last): (Int?, Int) = (nil, 0)

    private struct Track {
        var object: AnnotatedObject
        var parts: [FilePart] = []
        /// The polygon of the frame before, while it is there.
        var points: String?
    }

    init(path: String, clip: MaskClip) throws {
        spool = try Spool(beside: path)
        output = try TextOutput(path)
        self.clip = clip
        labels = CVATLabels(clip.objects)
    }

    func append(_ frame: MaskFrame) throws {
        first = first ?? frame.number
        last = frame.number
        var present = Set<Int>()
        for entry in frame.objects {
            labels.add(entry.object)
            for (place, corners) in PixelOutlines.polygons(of: entry.mask.mask, keepsHoles: false).enumerated() {
                let track = self.track(of: entry.object, place)
                present.insert(track)
                let points = corners.map { "\($0.x).00,\($0.y).00" }.joined(separator: ";")
                tracks[track].points = points
                try append(points, to: track, frame.number, isOutside: false)
            }
        }
        for track in tracks.indices where !present.contains(track) {
            guard let points = tracks[track].points else { continue }
            try append(points, to: track, frame.number, isOutside: true)
            tracks[track].points = nil
        }
    }

    private func track(of object: AnnotatedObject, _ place: Int) -> Int {
        if let known = places[object.id], place < known.count { return known[place] }
        tracks.append(Track(object: object))
        places[object.id, default: []].append(tracks.count - 1)
        return tracks.count - 1
    }

    private func append(_ points: String, to track: Int, _ frame: Int, isOutside: Bool) throws {
        let part = try spool.append(
            "    <polygon frame=\"\(frame)\" keyframe=\"1\" outside=\"\(isOutside ? 1 : 0)\" occluded=\"0\" points=\"\(points)\" "
                + "z_order=\"0\">\n    </polygon>\n")
        tracks[track].parts.append(part)
    }

    func finish(isComplete: Bool) throws {
        try output.write(labels.head(clip: clip, first: first ?? 0, last: last, type: "polygon", mode: "interpolation"))
        for (id, track) in tracks.enumerated() {
            try output.write(
                "  <track id=\"\(id)\" label=\"\(track.object.category.xml)\" source=\"manual\" group_id=\"\(track.object.id)\">\n")
            for part in track.parts { try output.write(spool.read(part)) }
            try output.write("  </track>\n")
        }
        try output.write("</annotations>\n")
        try output.commit()
    }

    func abandon() { output.discard() }
}
