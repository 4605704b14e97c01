import Foundation

/// Who may ask: programs and pages that know the token, at an address that is this server's.
///
/// A page of another site can make a browser send requests here, and by changing what its own name resolves to (DNS rebinding) can even
/// read answers. So the Host header must be an address of this server, Origin, where it is sent, must be the same, and everything but
/// the first page needs the token: in a cookie that scripts cannot read and other sites' requests do not carry, or as a bearer token.
struct AccessGuard: Sendable {
    /// 48 hexadecimal digits, new with each start.
    let token: String
    /// Hosts as they may stand in an address, with the port.
    let hosts: Set<String>

    static let cookie = "sampt"

    /// - Parameter host: what the server listens on; nil: this computer alone.
    init(host: String?, port: Int) {
        var random = SystemRandomNumberGenerator()
        token = (0..<6).map { _ in String(format: "%08x", random.next() as UInt32) }.joined()
        var names = ["127.0.0.1", "localhost", "[::1]"]
        if let host { names.append(host.contains(":") ? "[\(host)]" : host) }
        hosts = Set(names.map { "\($0):\(port)" })
    }

    enum Verdict: Equatable {
        case allowed
        /// The token came in the address: it is put into a cookie, and the address is asked for again without it.
        case takesToken
        case refused(status: Int, sentence: String)
    }

    func judge(_ request: HTTPRequest) -> Verdict {
        guard let host = request.header("host")?.lowercased(), isKnown(host) else {
            return .refused(status: 403, sentence: "This server is not known by that name. Open the address that the program printed.")
        }
        if let origins = request.headers["origin"], origins.count != 1 || !isOwn(origins[0].lowercased(), host) {
            return .refused(status: 403, sentence: "Pages of other sites may not ask this server.")
        }
        if let site = request.header("sec-fetch-site"), !["same-origin", "none"].contains(site), request.method != "GET" {
            return .refused(status: 403, sentence: "Pages of other sites may not ask this server.")
        }
        if let said = request.query["token"], request.path == "/", request.method == "GET" {
            return Self.equal(said, token)
                ? .takesToken
                : .refused(status: 401, sentence: "This token is of another start of the program. Open the address that it printed last.")
        }
        guard let said = request.cookie(Self.cookie) ?? bearer(request), Self.equal(said, token) else {
            return .refused(status: 401, sentence: "Open the address that the program printed: it has the token that lets you in.")
        }
        // A form of another site cannot send this header.
        if request.method == "POST", request.header("x-sampt") != "1" {
            return .refused(status: 403, sentence: "A POST needs the header X-Sampt: 1.")
        }
        return .allowed
    }

    private func isKnown(_ host: String) -> Bool { hosts.contains(host) }

    private func isOwn(_ origin: String, _ host: String) -> Bool { origin == "http://\(host)" }

    private func bearer(_ request: HTTPRequest) -> String? {
        guard let value = request.header("authorization"), value.hasPrefix("Bearer ") else { return nil }
        return String(value.dropFirst("Bearer ".count))
    }

    /// Takes as long for every guess of one length.
    static func equal(_ a: String, _ b: String) -> Bool {
        let (a, b) = (Array(a.utf8), Array(b.utf8))
        guard a.count == b.count else { return false }
        return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
