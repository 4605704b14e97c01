import Testing

@testable import Annotator

@Suite("Addresses of requests")
struct HTTPRequestTests {
    @Test func pathAndQuery() throws {
        let parsed = try #require(HTTPRequest.parse(target: "/api/masks/3?whole=1&a=%C3%A4&b"))
        #expect(parsed.path == "/api/masks/3")
        #expect(parsed.query == ["whole": "1", "a": "ä", "b": ""])
    }

    @Test(arguments: ["", "x", "http://a/", "/%zz", "/%ff", "/a%00b", "/a%0d%0ab", "/?a=%"])
    func whatIsNoPathOfThisServer(_ target: String) { #expect(HTTPRequest.parse(target: target) == nil) }

    @Test func lengthIsBounded() {
        #expect(HTTPRequest.parse(target: "/" + String(repeating: "a", count: 4095)) != nil)
        #expect(HTTPRequest.parse(target: "/" + String(repeating: "a", count: 4096)) == nil)
    }
}
