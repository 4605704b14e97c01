import SAMPT
import Testing

@testable import Annotator

@Suite("What is told of changed masks is numbered")
struct FrameNewsTests {
    @Test("Each change has a number of its own, and masks that are read after it know of it")
    func numbers() async throws {
        let hub = EventHub(most: 1)
        let news = FrameNews(hub)
        var events = try #require(hub.listen()).makeAsyncIterator()
        #expect(news.version == 0)
        news.tell([1: [0...3, 7...7]])
        news.tell([:])
        news.tell([2: [5...5]])
        #expect(news.version == 2)
        #expect(await events.next() == ServerEvent(name: "frames", data: #"{"objects":{"1":[[0,3],[7,7]]},"version":1}"#))
        #expect(await events.next() == ServerEvent(name: "frames", data: #"{"objects":{"2":[[5,5]]},"version":2}"#))
    }
}
