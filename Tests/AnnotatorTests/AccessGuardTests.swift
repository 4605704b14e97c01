import Testing

@testable import Annotator

@Suite("Who may ask the annotator")
struct AccessGuardTests {
    private let access = AccessGuard(host: nil, port: 8080)

    private func request(
        _ method: String = "GET", _ path: String = "/api/state", query: [String: String] = [:], _ headers: [String: String]
    ) -> HTTPRequest {
        HTTPRequest(method: method, path: path, query: query, headers: headers.mapValues { [$0] }, body: [])
    }

    private func request(_ headers: [String: String]) -> HTTPRequest { request("GET", "/api/state", headers) }

    private func status(_ request: HTTPRequest) -> Int? {
        if case .refused(let status, _) = access.judge(request) { status } else { nil }
    }

    private var known: [String: String] { ["host": "127.0.0.1:8080", "authorization": "Bearer \(access.token)"] }

    @Test func theTokenLetsIn() {
        #expect(access.judge(request(known)) == .allowed)
        #expect(access.judge(request(["host": "localhost:8080", "cookie": "a=b; sampt-8080=\(access.token)"])) == .allowed)
        #expect(status(request(["host": "127.0.0.1:8080"])) == 401)
        #expect(status(request(["host": "127.0.0.1:8080", "cookie": "sampt-8080=\(String(access.token.reversed()))"])) == 401)
    }

    @Test func theFirstPageTakesTheTokenFromTheAddress() {
        let host = ["host": "127.0.0.1:8080"]
        #expect(access.judge(request("GET", "/", query: ["token": access.token], host)) == .takesToken)
        #expect(status(request("GET", "/", query: ["token": "0"], host)) == 401)
        // Nowhere else, where addresses are logged and passed on.
        #expect(status(request("GET", "/api/state", query: ["token": access.token], host)) == 401)
    }

    @Test("Listening on all addresses, it is known by any of them, and by no name; listening on a name, in capitals too")
    func otherMachines() {
        func isKnown(_ access: AccessGuard, _ host: String) -> Bool {
            access.judge(request(["host": host, "authorization": "Bearer \(access.token)"])) == .allowed
        }
        for wildcard in ["0.0.0.0", "::"] {
            let access = AccessGuard(host: wildcard, port: 8080)
            #expect(isKnown(access, "192.168.1.7:8080") && isKnown(access, "[fe80::1]:8080") && isKnown(access, "localhost:8080"))
            for host in [
                "evil.example:8080", "192.168.1.7:8081", "192.168.1.7", "1.2.3.4.evil.example:8080", "[evil]:8080", ":8080",
                "300.1.1.1:8080",
            ] {
                #expect(!isKnown(access, host), "\(host)")
            }
        }
        let named = AccessGuard(host: "Desk.local", port: 8080)
        #expect(isKnown(named, "desk.local:8080") && isKnown(named, "DESK.local:8080") && !isKnown(named, "192.168.1.7:8080"))
    }

    @Test func eachServerHasACookieOfItsOwn() {
        #expect(status(request(["host": "127.0.0.1:8080", "cookie": "sampt=\(access.token); sampt-8081=\(access.token)"])) == 401)
    }

    @Test func aStartedBrowserIsLetInOnce() {
        let launch = request("GET", "/", query: ["token": access.launchCode], ["host": "127.0.0.1:8080"])
        #expect(access.judge(launch) == .takesToken)
        #expect(status(launch) == 401)
        #expect(status(request(["host": "127.0.0.1:8080", "authorization": "Bearer \(access.launchCode)"])) == 401)
    }

    @Test func aTokenOfBeforeIsTaken() {
        let again = AccessGuard(host: nil, port: 8080, token: access.token)
        #expect(again.judge(request(known)) == .allowed)
        #expect(again.launchCode != access.launchCode)
    }

    @Test(arguments: ["evil.example", "evil.example:8080", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:8080.evil.example", ""])
    func namesThatOthersTurnToThisComputerAreRefused(_ host: String) {
        var headers = known
        headers["host"] = host
        #expect(status(request(headers)) == 403)
    }

    @Test func twoHostsAreNone() {
        var twice = request(known)
        twice.headers["host"] = ["127.0.0.1:8080", "evil.example"]
        #expect(status(twice) == 403)
    }

    @Test(arguments: ["http://evil.example", "null", "http://127.0.0.1:8081", "https://127.0.0.1:8080"])
    func pagesOfOtherSitesAreRefused(_ origin: String) {
        var headers = known
        headers["origin"] = origin
        #expect(status(request(headers)) == 403)
        headers["origin"] = "http://127.0.0.1:8080"
        #expect(access.judge(request(headers)) == .allowed)
    }

    @Test func formsCannotPost() {
        var headers = known
        #expect(status(request("POST", "/api/edits", headers)) == 403)
        headers["x-sampt"] = "1"
        #expect(access.judge(request("POST", "/api/edits", headers)) == .allowed)
        headers["sec-fetch-site"] = "cross-site"
        #expect(status(request("POST", "/api/edits", headers)) == 403)
    }

    @Test func tokensDiffer() {
        #expect(access.token.utf8.count == 48)
        #expect(access.token != AccessGuard(host: nil, port: 8080).token)
    }
}
