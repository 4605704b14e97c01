import Foundation
import Media
import Testing

@testable import PointTrackers

/// Frames that nobody looks at.
private struct Blank: FrameSource {
    let frameCount: Int
    let size = ImageSize(width: 100, height: 50)
    let name = "blank"
    var timing: VideoTiming { VideoTiming(constantRate: 10, count: frameCount) }
    func frame(at index: Int) throws -> RGBImage { RGBImage(width: 100, height: 50) }
}

/// Moves points by (1, 0) for every step it makes, whichever way, and writes down what it was asked.
private final class Recorder: PointTracker, @unchecked Sendable {
    let name = "recorder"
    var starts: [(frame: Int, direction: TimeDirection)] = []
    var added: [(frame: Int, count: Int, groups: [Int])] = []
    var onAdvance: () -> Void = {}

    func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
        starts.append((frame, direction))
        return Session(self, frame, direction, video.frameCount)
    }

    final class Session: TrackingSession {
        let recorder: Recorder
        let direction: TimeDirection
        let count: Int
        var frame: Int
        var points: [TrackedPoint] = []

        init(_ recorder: Recorder, _ frame: Int, _ direction: TimeDirection, _ count: Int) {
            (self.recorder, self.frame, self.direction, self.count) = (recorder, frame, direction, count)
        }

        func add(_ positions: [SIMD2<Float>], group: Int) throws -> [Int] { try add(positions, groups: positions.map { _ in group }) }

        func add(_ positions: [SIMD2<Float>], groups: [Int]) throws -> [Int] {
            recorder.added.append((frame, positions.count, groups))
            let ids = positions.indices.map { points.count + $0 }
            points += zip(ids, positions).map { TrackedPoint(id: $0, position: $1, confidence: 1, isVisible: true) }
            return ids
        }

        func remove(_ ids: Set<Int>) {}

        func advance() throws {
            recorder.onAdvance()
            frame += direction.rawValue
            guard (0..<count).contains(frame) else { throw MediaError.frameOutOfRange(index: frame, count: count) }
            for i in points.indices {
                points[i].position.x += 1
                points[i].confidence = 0.5
                points[i].isVisible = frame != 7
            }
        }
    }
}

@Suite("Points followed from any frame")
struct PointQueriesTests {
    @Test("Later frames come from the session forwards, earlier ones from that backwards, the query's own from the query")
    func bothDirections() throws {
        let tracker = Recorder()
        let queries = [(4, 10), (7, 30), (4, 50)].map { PointQuery(frame: $0, position: SIMD2($1, 20)) }
        var progress: [(Int, Int)] = []
        let tracks = try tracker.follow(queries, on: FrameStore(Blank(frameCount: 10))) { progress.append(($0, $1)) }
        #expect(tracker.starts.map(\.frame) == [4, 7])
        #expect(tracker.starts.map(\.direction) == [.forward, .backward])
        #expect(tracker.added.map(\.frame) == [4, 7, 7, 4])
        #expect(tracker.added.map(\.count) == [2, 1, 1, 2])
        #expect(Set(tracker.added.prefix(2).flatMap(\.groups)).count == 3)
        for (index, query) in queries.enumerated() {
            for frame in 0..<10 {
                let point = tracks[index, frame]
                #expect(point.position == SIMD2(query.position.x + Float(abs(frame - query.frame)), 20))
                #expect(point.confidence == (frame == query.frame ? 1 : 0.5))
                #expect(point.isVisible == (frame == query.frame || frame != 7))
                #expect(point.id == index)
            }
        }
        #expect(progress.map(\.0) == Array(1...14))
        #expect(progress.allSatisfy { $0.1 == 14 })
        #expect(Array(tracks.track(1))[9] == tracks[1, 9])
    }

    @Test("Directions without work are not run")
    func directions() throws {
        let first = Recorder()
        let tracks = try first.follow([PointQuery(frame: 0, position: SIMD2(1, 1))], on: FrameStore(Blank(frameCount: 5)))
        #expect(first.starts.map(\.direction) == [.forward])
        #expect(tracks[0, 4].position.x == 5)
        let last = Recorder()
        _ = try last.follow([PointQuery(frame: 4, position: SIMD2(1, 1))], on: FrameStore(Blank(frameCount: 5)))
        #expect(last.starts.map(\.direction) == [.backward])
        let wanted = Recorder()
        let half = try wanted.follow(
            [PointQuery(frame: 2, position: SIMD2(1, 1))], on: FrameStore(Blank(frameCount: 5)), directions: [.forward])
        #expect(wanted.starts.map(\.direction) == [.forward])
        #expect(half[0, 1] == TrackedPoint(id: 0, position: SIMD2(1, 1), confidence: 0, isVisible: false))
        let single = Recorder()
        let one = try single.follow([PointQuery(frame: 0, position: SIMD2(200, 1))], on: FrameStore(Blank(frameCount: 1)))
        #expect(single.starts.isEmpty && !one[0, 0].isVisible && one.points.count == 1)
        #expect(try single.follow([], on: FrameStore(Blank(frameCount: 3))).points.isEmpty)
        #expect(single.starts.isEmpty)
    }

    @Test("Given groups are kept, points without one have one of their own")
    func groups() throws {
        let tracker = Recorder()
        let groups = [Int.max, nil, 3, 3, nil]
        let queries = groups.map { PointQuery(frame: 0, position: SIMD2(1, 1), group: $0) }
        _ = try tracker.follow(queries, on: FrameStore(Blank(frameCount: 2)))
        let given = try #require(tracker.added.first?.groups)
        #expect(given[0] == Int.max && given[2] == 3 && given[3] == 3)
        #expect(Set(given).count == 4)
    }

    @Test("Queries that do not fit are refused, a cancelled task stops between frames")
    func refusals() async throws {
        let store = FrameStore(Blank(frameCount: 5))
        #expect(throws: MediaError.frameOutOfRange(index: 5, count: 5)) {
            try Recorder().follow([PointQuery(frame: 5, position: SIMD2(1, 1))], on: store)
        }
        #expect(throws: TrackerError.self) { try Recorder().follow([PointQuery(frame: 1, position: SIMD2(.nan, 1))], on: store) }
        let tracker = Recorder()
        var steps = 0
        tracker.onAdvance = {
            steps += 1
            withUnsafeCurrentTask { $0?.cancel() }
        }
        let work = Task { try tracker.follow([PointQuery(frame: 0, position: SIMD2(1, 1))], on: store) }
        await #expect(throws: CancellationError.self) { try await work.value }
        #expect(steps == 1)
    }

    @Test("Without a method of its own a session adds points group by group")
    func defaultGroups() throws {
        let session = try LucasKanadeTracker().start(on: FrameStore(Blank(frameCount: 2)), at: 0, direction: .forward)
        let ids = try session.add([SIMD2(1, 1), SIMD2(2, 2), SIMD2(3, 3)], groups: [5, 5, 1])
        #expect(ids == [0, 1, 2])
        final class Plain: TrackingSession {
            var frame = 0
            var points: [TrackedPoint] = []
            var calls: [(count: Int, group: Int)] = []
            func add(_ positions: [SIMD2<Float>], group: Int) -> [Int] {
                calls.append((positions.count, group))
                return positions.map { Int($0.x) }
            }
            func remove(_ ids: Set<Int>) {}
            func advance() {}
        }
        let plain = Plain()
        #expect(try plain.add([SIMD2(9, 1), SIMD2(8, 2), SIMD2(7, 3), SIMD2(6, 0)], groups: [5, 5, 1, 5]) == [9, 8, 7, 6])
        #expect(plain.calls.map(\.count) == [2, 1, 1] && plain.calls.map(\.group) == [5, 1, 5])
    }
}
