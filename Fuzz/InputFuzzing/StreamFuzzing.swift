import Foundation
import Media
import TestSupport

/// YUV4MPEG2, and bare bytes of a random size and rate.
struct StreamFuzzing: InputFuzzing {
    let seeds: [[UInt8]]
    private let file: ScratchFile
    private static let mutation = Mutation(tokens: [
        "YUV4MPEG2", " W", " H", " F", ":", "FRAME\n", "FRAME X\n", "\n", " C420p10", " C444", " Cmono", " It", " A1:1",
        " XCOLORRANGE=FULL", "0", "-1", "16384",
        "9223372036854775807", "-9223372036854775808", "4294967295", "2147483647", "1e-300", "inf", "nan", "1e400", "65536", " F0:0",
        " F1:0", " W16384 H16384",
    ])

    init() throws {
        func stream(_ header: String, bytes: Int) -> [UInt8] {
            Array("YUV4MPEG2 \(header)\n".utf8)
                + (0..<3).flatMap { frame in Array("FRAME\n".utf8) + (0..<bytes).map { UInt8(truncatingIfNeeded: $0 * 5 + frame * 9) } }
        }
        seeds = [
            stream("W16 H12 F25:1 Ip A1:1 C420jpeg", bytes: 288), stream("W7 H5 F30000:1001 C444", bytes: 105),
            stream("W8 H4 C422", bytes: 64),
            stream("W8 H4 F50:1 Cmono", bytes: 32), stream("W6 H4 F0:0 C420p10 XYSCSS=420P10 XCOLORRANGE=FULL", bytes: 72),
            stream("W8 H2 C411", bytes: 24),
            // Bare bytes: the first 24 are taken for size, rate and what is given of them.
            [1] + [UInt8](repeating: 3, count: 400), [UInt8](repeating: 0, count: 24) + (0..<255).map { $0 },
        ]
        file = try ScratchFile("input")
    }

    func input(_ number: UInt64, seed: UInt64) -> Data { Data(Self.mutation.make(number, seed: seed, from: seeds)) }

    func read(_ data: Data) throws -> Bool {
        do {
            let capture: any LiveCapture
            if data.starts(with: "YUV4".utf8) {
                try file.write(data)
                capture = try openLive(file.path, format: .y4m, timeout: 5)
            } else {
                let head = [UInt8](data.prefix(24)) + [UInt8](repeating: 0, count: max(0, 24 - data.count))
                func number(_ start: Int) -> UInt64 { head[start..<(start + 8)].reduce(0) { $0 << 8 | UInt64($1) } }
                try file.write(data.dropFirst(24))
                let (width, height) = (Int(truncatingIfNeeded: number(0)), Int(truncatingIfNeeded: number(8)))
                let isSmall = head[0] % 2 == 0
                capture = try openLive(
                    file.path, format: .rgb24,
                    size: isSmall ? ImageSize(width: 1 + width & 15, height: 1 + height & 7) : ImageSize(width: width, height: height),
                    rate: head[17] % 4 == 0 ? Double(head[18]) : Double(bitPattern: number(16)), timeout: Double(bitPattern: number(16) | 1)
                )
            }
            try Defect.unless(capture.size.width > 0 && capture.size.height > 0, "size \(capture.size)")
            for _ in 0..<4 {
                guard let frame = try capture.next() else { break }
                if let seconds = frame.streamSeconds { try Defect.unless(abs(seconds) < 1e10, "\(seconds) s") }
                try Defect.unless(try frame.picture().size == capture.size, "a frame of another size")
            }
            return true
        } catch let error where error.isRefusal {
            return false
        }
    }
}
