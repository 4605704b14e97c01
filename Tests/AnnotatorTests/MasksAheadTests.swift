import Foundation
import SAMPT
import Testing

@testable import Annotator

@Suite("Masks that are computed ahead are never taken for newer than they are")
struct MasksAheadTests {
    @Test("They are the answer as long as nothing has changed, for their frame and with overlaps resolved")
    func taken() async throws {
        let service = try ServiceWithoutModels.make()
        try await ServiceWithoutModels.mark(service, frame: 0)
        let version = service.frameNews.version
        let ahead = MasksAnswer(frame: 0, version: 77, objects: [])
        service.masksAhead.withLock { $0 = MasksAhead(frame: 0, version: version, work: Task { ahead }) }
        #expect(try await service.masksAnswer(0, isWhole: false).version == 77)
        #expect(try await service.masksAnswer(0, isWhole: true).version == version)
        #expect(try await service.masksAnswer(1, isWhole: false).frame == 1)
        // A change in any frame: the number is another one.
        service.frameNews.tell([1: [9...9]])
        let answer = try await service.masksAnswer(0, isWhole: false)
        #expect(answer.version == version + 1 && answer.objects.count == 1)
    }

    @Test("Where computing them fails, they are computed when they are asked for")
    func failed() async throws {
        let service = try ServiceWithoutModels.make()
        try await ServiceWithoutModels.mark(service, frame: 0)
        let version = service.frameNews.version
        service.masksAhead.withLock {
            $0 = MasksAhead(frame: 0, version: version, work: Task { throw RequestError.notFound })
        }
        #expect(try await service.masksAnswer(0, isWhole: false).objects.count == 1)
    }

    @Test("An edit that comes while masks are computed makes them old: they bear the number of before, and are not taken")
    func overtaken() async throws {
        let store = StoreWithHook()
        let service = try ServiceWithoutModels.make(store)
        try await ServiceWithoutModels.mark(service, frame: 0)
        let version = service.frameNews.version
        store.onRead.withLock { $0 = { [news = service.frameNews] in news.tell([1: [0...0]]) } }
        service.computeAhead(0)
        let ahead = try #require(service.masksAhead.withLock { $0 })
        #expect(ahead.frame == 0 && ahead.version == version)
        #expect(try await ahead.work.value.version == version)
        store.onRead.withLock { $0 = nil }
        #expect(service.frameNews.version > version)
        #expect(try await service.masksAnswer(0, isWhole: false).version == service.frameNews.version)
    }

    @Test("A change brings its masks along, unless they take long")
    func soon() async throws {
        let store = StoreWithHook()
        let service = try ServiceWithoutModels.make(store)
        try await ServiceWithoutModels.mark(service, frame: 0)
        let found = await service.masksSoon(0, patience: .seconds(60))
        #expect(found?.objects.count == 1 && found?.version == service.frameNews.version)
        let release = DispatchSemaphore(value: 0)
        store.onRead.withLock { $0 = { release.wait() } }
        #expect(await service.masksSoon(0, patience: .milliseconds(20)) == nil)
        store.onRead.withLock { $0 = nil }
        for _ in 0..<8 { release.signal() }
        // Who asks after that is answered.
        #expect(try await service.masksAnswer(0, isWhole: false).objects.count == 1)
    }

    @Test("The state's number is one that is known before the state is read")
    func state() async throws {
        let service = try ServiceWithoutModels.make()
        #expect(service.stateAnswer().version == 0)
        try await ServiceWithoutModels.mark(service, frame: 3)
        #expect(service.stateAnswer().version == service.frameNews.version)
        #expect(service.stateAnswer().objects.map(\.anchors) == [[3]])
    }

    @Test("Strokes are told as they were drawn")
    func strokes() async throws {
        let service = try ServiceWithoutModels.make()
        try await ServiceWithoutModels.mark(service, frame: 0)
        let place = AnchorPlace(object: 1, frame: 0)
        _ = try await service.apply(.addStroke(place, BrushStroke(path: [SIMD2(1, 2), SIMD2(3, 4.5)], radius: 2, erases: true)))
        _ = try await service.apply(.addStroke(place, BrushStroke(lasso: [SIMD2(1, 1), SIMD2(5, 1), SIMD2(5, 5)])))
        let found = try await service.masksAnswer(0, isWhole: false).objects[0].prompts.strokes
        #expect(found.map(\.path) == [[1, 2, 3, 4.5], [1, 1, 5, 1, 5, 5]])
        #expect(found.map(\.radius) == [2, nil] && found.map(\.erases) == [true, false])
    }
}
