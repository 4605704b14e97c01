import Support
import Testing

@testable import Annotator

@Suite("Room for connections")
struct ConnectionTableTests {
    private let closed = Protected<[Int]>([])

    private func close(_ number: Int) -> @Sendable () -> Void {
        { [closed] in closed.withLock { $0.append(number) } }
    }

    @Test func theOldestStrangerMakesRoom() {
        let table = ConnectionTable(most: 3)
        #expect((1...3).map { table.add(close: close($0)) } == [1, 2, 3])
        table.know(1)
        #expect(table.add(close: close(4)) == 4)
        #expect(closed.withLock { $0 } == [2])
    }

    @Test func thoseThatMayAskAreNotClosed() {
        let table = ConnectionTable(most: 2)
        for number in 1...2 {
            #expect(table.add(close: close(number)) == number)
            table.know(number)
        }
        #expect(table.add(close: close(3)) == nil)
        table.remove(1)
        #expect(table.add(close: close(4)) == 3)
        #expect(closed.withLock { $0.isEmpty })
    }
}
