import Foundation
import Support

/// Who may ask: programs and pages that know the token, at an address that is this server's.
///
/// A page of another site can make a browser send requests here, and by changing what its own name resolves to (DNS rebinding) can even
/// read answers. So the Host header must be an address of this server, Origin, where it is sent, must be the same, and everything but
/// the first page needs the token: in a cookie that scripts cannot read and other sites' requests do not carry, or as a bearer token.
struct AccessGuard: Sendable {
    /// 48 hexadecimal digits.
    let token: String
    /// As good as the token, once: for the browser that is started with an address, which other users of this computer can read.
    let launchCode = AccessGuard.newToken()
    private let isLaunched = Protected(false)
    /// Hosts as they may stand in an address, with the port.
    let hosts: Set<String>
    /// Where it listens on all of this machine's addresses: any address in digits is taken for one of them. Only names can be turned to
    /// another machine.
    private let takesAddresses: Bool
    private let port: Int

    /// Servers at other ports of this computer get the same cookies: each has a name of its own.
    let cookie: String

    /// - Parameters:
    ///   - host: what the server listens on; nil: this computer alone.
    ///   - token: of the last start; nil: a new one.
    init(host: String?, port: Int, token: String? = nil) {
        self.token = token ?? Self.newToken()
        cookie = "sampt-\(port)"
        self.port = port
        var names = ["127.0.0.1", "localhost", "[::1]"]
        if let host { names.append(host.contains(":") ? "[\(host)]" : host) }
        hosts = Set(names.map { "\($0):\(port)".lowercased() })
        takesAddresses = host == "0.0.0.0" || host == "::"
    }

    static func newToken() -> String {
        var random = SystemRandomNumberGenerator()
        return (0..<6).map { _ in String(format: "%08x", random.next() as UInt32) }.joined()
    }

    static func isToken(_ text: String) -> Bool { text.utf8.count == 48 && text.allSatisfy { $0.isHexDigit && $0.isASCII } }

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
            return Self.equal(said, token) || isFirstLaunch(said)
                ? .takesToken
                : .refused(status: 401, sentence: "This token is of another start of the program. Open the address that it printed last.")
        }
        guard let said = request.cookie(cookie) ?? bearer(request), Self.equal(said, token) else {
            return .refused(status: 401, sentence: "Open the address that the program printed: it has the token that lets you in.")
        }
        // A form of another site cannot send this header.
        if request.method == "POST", request.header("x-sampt") != "1" {
            return .refused(status: 403, sentence: "A POST needs the header X-Sampt: 1.")
        }
        return .allowed
    }

    private func isFirstLaunch(_ said: String) -> Bool {
        guard Self.equal(said, launchCode) else { return false }
        return isLaunched.withLock { isLaunched in
            defer { isLaunched = true }
            return !isLaunched
        }
    }

    private func isKnown(_ host: String) -> Bool {
        if hosts.contains(host) { return true }
        guard takesAddresses, host.hasSuffix(":\(port)") else { return false }
        let name = host.dropLast(":\(port)".count)
        var (four, six) = (in_addr(), in6_addr())
        if name.hasPrefix("["), name.hasSuffix("]") { return inet_pton(AF_INET6, String(name.dropFirst().dropLast()), &six) == 1 }
        return inet_pton(AF_INET, String(name), &four) == 1
    }

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
