import Testing

@testable import Annotator

@Suite("News for open pages")
struct EventHubTests {
    @Test func everyPageHears() async throws {
        let hub = EventHub(most: 2)
        let (a, b) = (try #require(hub.listen()), try #require(hub.listen()))
        #expect(hub.listen() == nil)
        hub.send("state", ["revision": 3])
        hub.close()
        for stream in [a, b] {
            var events: [ServerEvent] = []
            for await event in stream { events.append(event) }
            #expect(events == [ServerEvent(name: "state", data: #"{"revision":3}"#)])
        }
    }

    @Test func whoDoesNotKeepUpIsCutOff() async throws {
        let hub = EventHub(most: 1)
        let stream = try #require(hub.listen())
        for i in 0..<2000 { hub.send("frames", ["n": i]) }
        var count = 0
        for await _ in stream { count += 1 }
        #expect(count == 512)
        // There is room for another one.
        #expect(hub.listen() != nil)
    }

    @Test func onlyTheNewestPreviewWaits() async throws {
        let previews = NewestFirst()
        let (began, end) = (AsyncStream.makeStream(of: Void.self), AsyncStream.makeStream(of: Void.self))
        async let first = previews.run {
            began.continuation.yield()
            for await _ in end.stream { break }
            return 1
        }
        for await _ in began.stream { break }
        let second = Task { try await previews.run { 2 } }
        while await previews.count < 2 { await Task.yield() }
        let third = Task { try await previews.run { 3 } }
        while await previews.count < 3 { await Task.yield() }
        end.continuation.yield()
        #expect(try await first == 1)
        #expect(try await second.value == nil)
        #expect(try await third.value == 3)
    }
}
