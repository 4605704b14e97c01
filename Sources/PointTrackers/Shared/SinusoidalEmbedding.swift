import Foundation

/// The embeddings of positions and motions that trackers' tokens contain. All in the reference's order of numbers.
enum SinusoidalEmbedding {
    /// Frequencies, in radians for one unit, of `writeInterleaved`: 0, 31.25, 62.5, ...
    static let interleavedFrequencies: [Float] = (0..<32).map { Float(2 * $0) * 15.625 }

    /// `sin, cos` of one number at each of 32 frequencies in turn: 64 numbers. CoTracker 1 and 2, PIPs.
    ///
    /// The products of number and frequency are rounded to float32 as there: at up to 968 radians for one cell that decides some digits.
    @inline(__always)
    static func writeInterleaved(_ value: Float, frequencies: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
        for k in 0..<32 {
            let angle = value * frequencies[k]
            target[2 * k] = sin(angle)
            target[2 * k + 1] = cos(angle)
        }
    }

    /// 64 interleaved numbers for each of `values`, without the values themselves.
    static func interleaved(_ values: [Float]) -> [Float] {
        [Float](unsafeUninitializedCapacity: 64 * values.count) { buffer, count in
            interleavedFrequencies.withUnsafeBufferPointer { frequencies in
                guard let base = buffer.baseAddress, let frequencies = frequencies.baseAddress else { return }
                for (i, value) in values.enumerated() { writeInterleaved(value, frequencies: frequencies, into: base + 64 * i) }
            }
            count = 64 * values.count
        }
    }

    /// `sin` of one number at 32 frequencies 10000^(-k/31), then `cos`: 64 numbers. PIPs++.
    static func geometric(_ value: Float) -> [Float] {
        let angles = (0..<32).map { value * Float(pow(10000, -Double($0) / 31)) }
        return angles.map { sin($0) } + angles.map { cos($0) }
    }

    /// The values, their sines at the scales 1, 2, 4, ..., then their cosines likewise (scale by scale, the values in turn): n (2 scales +
    /// 1) numbers. The reference computes the cosine as a sine shifted by a rounded quarter turn, and so does this. CoTracker 3.
    static func octaves(_ values: [Float], scales: Int = 10) -> [Float] {
        let size = values.count * (2 * scales + 1)
        return [Float](unsafeUninitializedCapacity: size) { buffer, count in
            values.withUnsafeBufferPointer { values in
                if let base = buffer.baseAddress { writeOctaves(values, scales: scales, into: base) }
            }
            count = size
        }
    }

    @inline(__always)
    static func writeOctaves(_ values: UnsafeBufferPointer<Float>, scales: Int, into target: UnsafeMutablePointer<Float>) {
        let n = values.count
        for k in 0..<n {
            target[k] = values[k]
            for scale in 0..<scales {
                let angle = values[k] * Float(1 << scale)
                target[n * (1 + scale) + k] = sin(angle)
                target[n * (1 + scales + scale) + k] = sin(angle + Float.pi / 2)
            }
        }
    }

    /// `sin` of a position at the frequencies 10000^(-2k/dimension), then `cos`: `dimension` numbers (even). Token times, and either half
    /// of a cell's embedding: the first half is that of its column, the second of its row.
    static func position(_ position: Int, dimension: Int) -> [Float] {
        let half = dimension / 2
        let angles = (0..<half).map { Double(position) * (1 / pow(10000, Double($0) / Double(half))) }
        return angles.map { Float(sin($0)) } + angles.map { Float(cos($0)) }
    }
}
