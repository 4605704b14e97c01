/// The head of an HTTP answer.
struct HTTPResponseHead: Sendable, Equatable {
    var status: Int
    private var fields: [String: String] = [:]

    init(status: Int, fields: [String: String] = [:]) {
        self.status = status
        for (name, value) in fields { self.fields[name.lowercased()] = value }
    }

    /// A status line, such as `HTTP/1.1 206 Partial Content`; nil for any other line.
    init?(statusLine line: String) {
        guard line.hasPrefix("HTTP/") else { return nil }
        self.init(status: line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0)
    }

    /// The value of a field, whatever the case of its name; the last of several.
    subscript(name: String) -> String? { fields[name.lowercased()] }

    mutating func add(line: String) {
        guard let colon = line.firstIndex(of: ":") else { return }
        let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        fields[line[..<colon].lowercased()] = String(value)
    }

    /// Whether another answer follows: this one is preliminary, or names another address.
    var isFollowed: Bool {
        (100..<200).contains(status) || [301, 302, 303, 307, 308].contains(status) && self["Location"]?.isEmpty == false
    }
}
