import Testing

@testable import Annotator

@Suite("Fields of requests")
struct WishTests {
    @Test func fieldsAreThereOrNot() throws {
        let wish = try Wish(Array(#"{"object":2,"frame":3,"x":1.5,"y":2,"positive":false}"#.utf8))
        #expect(try wish.place() == .init(object: 2, frame: 3))
        #expect(try !wish.point().isPositive)
        #expect(throws: RequestError.self) { try wish.index() }
        #expect(try Wish(Array(#"{"object":null}"#.utf8)).object == nil)
    }

    @Test(arguments: [
        "", "null", "1", "[]", "{", #"{"frame":1.5}"#, #"{"frame":true}"#, #"{"frame":"1"}"#, #"{"frame":1e99}"#, #"{"x":NaN}"#,
        #"{"positive":1}"#, #"{"path":["a"]}"#, #"{"object":"# + String(repeating: "[", count: 50_000),
    ])
    func otherKindsAreRefused(_ body: String) { #expect(throws: RequestError.self) { try Wish(Array(body.utf8)) } }
}
