import Media
import PointTrackers

/// The reference data's trackers: points move as a table or a formula says.
struct ScriptedTracker: PointTracker {
    enum Script: Sendable {
        /// By query point: a column of positions (pixel centres at whole numbers) and visibilities for every frame.
        case table(columns: [Column])
        /// Point i of a session has moved by (2.5, -0.25) a frame since its query, counted in frames of the video or in steps of the
        /// session.
        case drift(countsSteps: Bool)
    }

    struct Column: Sendable {
        var queryFrame: Int
        var positions: [SIMD2<Float>]
        var isVisible: [Bool]
    }

    let name = "scripted"
    var script: Script
    /// Told when a session starts, that is, when a window begins.
    var log = CallLog()

    func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
        log.beginWindow(at: frame, direction: direction)
        return Session(script: script, frame: frame, direction: direction, log: log)
    }

    private final class Session: TrackingSession {
        private struct Point {
            var query: SIMD2<Float>
            var start: Int
        }

        private(set) var frame: Int
        private let script: Script
        private let direction: TimeDirection
        private let log: CallLog
        private var added: [Point] = []

        init(script: Script, frame: Int, direction: TimeDirection, log: CallLog) {
            (self.script, self.frame, self.direction, self.log) = (script, frame, direction, log)
        }

        var points: [TrackedPoint] {
            added.enumerated().map { id, point in
                let (position, isVisible) = state(id, point)
                return TrackedPoint(id: id, position: position + 0.5, confidence: isVisible ? 1 : 0, isVisible: isVisible)
            }
        }

        private func state(_ id: Int, _ point: Point) -> (SIMD2<Float>, Bool) {
            switch script {
            case .table(let columns):
                guard let column = columns.first(where: { $0.queryFrame == point.start && $0.positions[point.start] == point.query })
                else { return (SIMD2(-1, -1), false) }
                return (column.positions[frame], column.isVisible[frame])
            case .drift(let countsSteps):
                let moved = countsSteps ? abs(frame - point.start) : frame - point.start
                let isVisible = moved == 0 || (abs(moved) + 2 * id) % 6 != 5
                return (point.query + Float(moved) * SIMD2(2.5, -0.25), isVisible)
            }
        }

        func add(_ positions: [SIMD2<Float>], group: Int) -> [Int] {
            let first = added.count
            log.add(positions.map { $0 - 0.5 })
            added += positions.map { Point(query: $0 - 0.5, start: frame) }
            return positions.indices.map { first + $0 }
        }

        func remove(_ ids: Set<Int>) {}
        func advance() { frame += direction.rawValue }
    }
}
