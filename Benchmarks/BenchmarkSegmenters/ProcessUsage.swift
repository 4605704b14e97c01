import Foundation

/// What the system says about this process; Linux only, elsewhere nothing is known.
enum ProcessUsage {
    /// Since the process was started, with everything before `main`.
    static var secondsSinceStart: Double {
        #if os(Linux)
            // Field 22 of stat, counted behind the name in parentheses: the start in clock ticks since the machine's.
            let stat = (try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8)) ?? ""
            let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
            guard fields.count > 20, let ticks = Double(fields[20]) else { return .nan }
            var now = timespec()
            clock_gettime(CLOCK_BOOTTIME, &now)
            return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9 - ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
        #else
            return .nan
        #endif
    }

    /// Kilobytes of the peak, and how many of the present ones are anonymous and of files.
    static var memory: String {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        return ["VmHWM:", "RssAnon:", "RssFile:"].map { label in
            let line = status.split(separator: "\n").first { $0.hasPrefix(label) }
            return line?.dropFirst(label.count).split(whereSeparator: \.isWhitespace).first.map(String.init) ?? "?"
        }.joined(separator: " ")
    }
}
