import Foundation

/// SHA-256 (FIPS 180-4), to compare with the sums that come with reference data.
public enum SHA256 {
    /// The sum in hexadecimal.
    public static func hex(_ data: Data) -> String {
        var message = [UInt8](data)
        let bitCount = UInt64(message.count) * 8
        message.append(0x80)
        while message.count % 64 != 56 { message.append(0) }
        message += (0..<8).map { UInt8(truncatingIfNeeded: bitCount >> (56 - 8 * UInt64($0))) }
        var hash: [UInt32] = roots(2, count: 8)
        let constants = roots(3, count: 64)
        var w = [UInt32](repeating: 0, count: 64)
        for block in stride(from: 0, to: message.count, by: 64) {
            for i in 0..<16 {
                w[i] = (0..<4).reduce(0) { $0 << 8 | UInt32(message[block + 4 * i + $1]) }
            }
            for i in 16..<64 {
                let s0 = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3
                let s1 = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10
                w[i] = w[i - 16] &+ s0 &+ w[i - 7] &+ s1
            }
            var v = hash
            for i in 0..<64 {
                let s1 = turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25)
                let t1 = v[7] &+ s1 &+ (v[4] & v[5] ^ ~v[4] & v[6]) &+ constants[i] &+ w[i]
                let s0 = turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22)
                let t2 = s0 &+ (v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2])
                v = [t1 &+ t2, v[0], v[1], v[2], v[3] &+ t1, v[4], v[5], v[6]]
            }
            for i in 0..<8 { hash[i] &+= v[i] }
        }
        return hash.map { String(format: "%08x", $0) }.joined()
    }

    private static func turn(_ x: UInt32, _ n: UInt32) -> UInt32 { x >> n | x << (32 - n) }

    /// The first 32 bits of the fractions of the n-th roots of the first primes: the standard's constants.
    private static func roots(_ n: Int, count: Int) -> [UInt32] {
        var primes: [Int] = []
        var candidate = 2
        while primes.count < count {
            if !primes.contains(where: { candidate % $0 == 0 }) { primes.append(candidate) }
            candidate += 1
        }
        return primes.map { prime in
            let root = n == 2 ? Double(prime).squareRoot() : Foundation.cbrt(Double(prime))
            return UInt32(truncatingIfNeeded: Int64(root * 0x1p32))
        }
    }
}
