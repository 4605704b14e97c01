import Foundation

/// The machine that an evaluation runs on, for reports.
public enum Machine {
    /// The processor's name and the number of its cores that are in use.
    public static var processor: String {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        return "\(name ?? "unknown processor"), \(cores) core\(cores == 1 ? "" : "s")"
    }

    private static var name: String? {
        #if canImport(Darwin)
            var size = 0
            guard sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0) == 0 else { return nil }
            var bytes = [UInt8](repeating: 0, count: size)
            guard sysctlbyname("machdep.cpu.brand_string", &bytes, &size, nil, 0) == 0 else { return nil }
            return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        #else
            return field("model name", in: "/proc/cpuinfo")
        #endif
    }

    private static func field(_ name: String, in file: String) -> String? {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return nil }
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }), let colon = line.firstIndex(of: ":") else {
            return nil
        }
        return line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
}
