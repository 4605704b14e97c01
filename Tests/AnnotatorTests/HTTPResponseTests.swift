import Testing

@testable import Annotator

@Suite("Files that a browser saves")
struct HTTPResponseTests {
    @Test(
        "Their name is said in UTF-8, and in ASCII that is never empty",
        arguments: [
            ("rabbit-1.json", "filename=\"rabbit-1.json\"; filename*=UTF-8''rabbit-1.json"),
            ("兎.zip", "filename=\"_.zip\"; filename*=UTF-8''%E5%85%8E.zip"),
            ("a b\"\r\n;.json", "filename=\"a_b___.json\"; filename*=UTF-8''a%20b%22%0D%0A%3B.json"),
        ])
    func names(_ name: String, _ said: String) {
        let headers = HTTPResponse.download(path: "/tmp/x", size: 1, name: name).headers
        #expect(headers.first { $0.name == "Content-Disposition" }?.value == "attachment; " + said)
    }
}
