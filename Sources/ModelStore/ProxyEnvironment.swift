import Foundation

/// The proxies that the environment names, as curl reads them: `http_proxy` (lower case only), `https_proxy` and `HTTPS_PROXY`,
/// `all_proxy`, `no_proxy`.
///
/// On Linux the system's HTTP library is curl and reads them by itself. Apple's does not, so there they are handed to it.
struct ProxyEnvironment: Sendable {
    private let environment: [String: String]

    init(_ environment: [String: String]) { self.environment = environment }

    /// The proxy for an address; nil for a direct connection.
    func proxy(for url: URL) -> URL? {
        guard let scheme = url.scheme?.lowercased(), let host = url.host?.lowercased(), !isExempt(host) else { return nil }
        // In upper case, a web server's environment could hold a client's header of that name.
        let names = scheme == "http" ? ["http_proxy"] : ["https_proxy", "HTTPS_PROXY"]
        guard let text = value(names + ["all_proxy", "ALL_PROXY"]) else { return nil }
        return URL(string: text.contains("://") ? text : "http://\(text)")
    }

    private func value(_ names: [String]) -> String? { names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty } }

    private func isExempt(_ host: String) -> Bool {
        let list = (value(["no_proxy", "NO_PROXY"]) ?? "").lowercased().split { $0 == "," || $0 == " " }
        return list.contains { entry in
            let domain = entry.hasPrefix(".") ? entry.dropFirst() : entry
            return entry == "*" || host == domain || host.hasSuffix(".\(domain)")
        }
    }

    /// In the form of `URLSessionConfiguration.connectionProxyDictionary`; nil leaves the system's settings in force.
    func connectionDictionary(for url: URL?) -> [AnyHashable: Any]? {
        guard let url, let proxy = proxy(for: url), let host = proxy.host else { return nil }
        let port = proxy.port ?? (proxy.scheme == "https" ? 443 : 80)
        // The names of CFNetwork's keys, some of which are constants on macOS alone.
        if proxy.scheme?.hasPrefix("socks") == true {
            return ["SOCKSEnable": 1, "SOCKSProxy": host, "SOCKSPort": proxy.port ?? 1080]
        }
        return [
            "HTTPEnable": 1, "HTTPProxy": host, "HTTPPort": port, "HTTPSEnable": 1, "HTTPSProxy": host, "HTTPSPort": port,
        ]
    }
}
