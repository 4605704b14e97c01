import SAMPT
import Testing

@testable import Annotator

@Suite("Objects that are taken away while an answer about them is made")
struct TakenAwayTests {
    @Test func theyAreNotInTheTimeline() async throws {
        let (service, store) = try await Self.twoObjects()
        store.takeAway(2, of: service, on: \.onSummaries)
        #expect(try await service.timelineAnswer().objects.map(\.id) == [1])
        #expect(service.stateAnswer().objects.map(\.id) == [1])
    }

    @Test func theirWholeMasksAreLeftOut() async throws {
        let (service, store) = try await Self.twoObjects()
        #expect(try await service.masksAnswer(0, isWhole: true).objects.compactMap(\.rle).count == 2)
        store.takeAway(2, of: service, on: \.onRead)
        let answer = try await service.masksAnswer(0, isWhole: true)
        #expect(answer.objects.filter { $0.rle != nil }.map(\.id) == [1])
        #expect(service.stateAnswer().objects.map(\.id) == [1])
    }

    @Test func theyHaveNoTracks() async throws {
        let (service, _) = try await Self.twoObjects()
        _ = try await service.apply(.removeObject(object: 2))
        #expect(try await service.tracksAnswer(2, 0...3).frames.isEmpty)
    }

    private static func twoObjects() async throws -> (AnnotatorService, StoreWithHook) {
        let store = StoreWithHook()
        let service = try ServiceWithoutModels.make(store)
        for object: ObjectID in [1, 2] { try await ServiceWithoutModels.mark(service, object, frame: 0) }
        return (service, store)
    }
}
