import Foundation
import TensorFiles
import Testing

/// Damaged and malicious files end in an error that names the file, never in a crash or a wrong tensor.
struct HostileSafetensorsTests {
    private func file(_ header: String, bytes: Int = 4) -> Data {
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) } + Data(header.utf8) + Data(count: bytes)
    }

    private func refuses(_ data: Data) -> Bool {
        do {
            _ = try SafetensorsFile(data: data, name: "hostile.safetensors")
            return false
        } catch let error as TensorFileError {
            return error.description.contains("hostile.safetensors")
        } catch {
            return false
        }
    }

    @Test(arguments: [
        // Sizes that are no integers or overflow in the middle.
        #"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#, #"{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[true],"data_offsets":[0,4]}}"#, #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[false,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,1e40]}}"#, #"{"a":{"dtype":"F32","shape":[1e40],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[9223372036854775807,2,0],"data_offsets":[0,0]}}"#,
        #"{"a":{"dtype":"F64","shape":[2305843009213693953],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775803,9223372036854775807]}}"#,
        #"{"a":{"dtype":32,"shape":[1],"data_offsets":[0,4]}}"#, #"{"a":null}"#,
        // Two tensors in the same bytes, also where one lies inside the other behind an empty one.
        #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[0],"data_offsets":[1,1]},"c":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    ])
    func impossibleEntries(header: String) {
        #expect(refuses(file(header)), "\(header)")
    }

    @Test func deepNesting() {
        #expect(refuses(file(String(repeating: "[", count: 100_000))))
        #expect(refuses(file(#"{"a":"# + String(repeating: "{\"a\":", count: 50_000))))
    }

    @Test func headerLengths() {
        for length in [UInt64.max, UInt64(Int64.max), 1 << 40, 9] {
            #expect(refuses(withUnsafeBytes(of: length.littleEndian) { Data($0) } + Data("{}".utf8)), "\(length)")
        }
    }

    @Test func everyTruncationAndFlippedByteOfAHeader() throws {
        let header = #"{"weight":{"dtype":"F16","shape":[2,2],"data_offsets":[0,8]}}"#
        let whole = file(header, bytes: 8)
        _ = try SafetensorsFile(data: whole, name: "whole").tensor("weight")
        for length in 0..<whole.count { #expect(refuses(whole.prefix(length)), "\(length) bytes") }
        // A flipped byte may still be a valid file; then every tensor must be readable and of its shape.
        for index in 0..<(8 + header.utf8.count) {
            for bit in [UInt8(1), 4, 16, 128] {
                var damaged = whole
                damaged[index] ^= bit
                guard let file = try? SafetensorsFile(data: damaged, name: "damaged") else { continue }
                for name in file.tensorNames {
                    let tensor = try file.tensor(name)
                    #expect(tensor.count == tensor.shape.reduce(1, *))
                }
            }
        }
    }

    @Test func slicesOfData() throws {
        let whole = Data([9, 9, 9]) + file(#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#)
        #expect(try SafetensorsFile(data: whole[3...], name: "slice").tensor("a").values == [0, 0, 0, 0])
    }
}
