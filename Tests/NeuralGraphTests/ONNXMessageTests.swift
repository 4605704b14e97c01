import Foundation
import Testing

@testable import NeuralGraph

@Suite("ONNX's messages, as the onnx package writes them")
struct ONNXMessageTests {
    /// Every field of every message, with numbers that need one byte, several, and a sign.
    private static let model: ModelProto = {
        var model = ModelProto(irVersion: 9, producerName: "sam-pt-swift")
        model.opsetImport = [OperatorSetIdProto(version: 20)]
        model.graph.name = "every field"
        model.graph.node = [
            NodeProto(input: ["x", "", "most"], output: ["Clip_1"], name: "Clip_1", opType: "Clip"),
            NodeProto(
                input: ["Clip_1"], output: ["y", "z"], opType: "Made",
                attribute: [
                    AttributeProto(name: "axis", i: -1, type: .int),
                    AttributeProto(name: "zero", i: 0, type: .int),
                    AttributeProto(name: "pads", ints: [0, -3, 300], type: .ints),
                    AttributeProto(name: "epsilon", f: 1e-5, type: .float),
                    AttributeProto(name: "mode", s: Data("näher".utf8), type: .string),
                ]),
        ]
        model.graph.initializer = [
            TensorProto(name: "most", rawData: Data([0, 0, 0xc0, 0x40])),
            TensorProto(
                dims: [200, 300], dataType: .int64, name: "w",
                externalData: [
                    .init(key: "location", value: "w.data"), .init(key: "offset", value: "4096"), .init(key: "length", value: "480000"),
                ],
                isExternal: true),
        ]
        model.graph.input = [ValueInfoProto(name: "x", shape: [.size(1), .named("rows")])]
        model.graph.output = [ValueInfoProto(name: "y", elementType: .bool)]
        return model
    }()

    /// `SerializeToString` of the same model made with the package onnx 1.20.0.
    private static let bytes =
        Data(
            base64Encoded: """
                CAkSDHNhbS1wdC1zd2lmdDqlAgohCgF4CgAKBG1vc3QSBkNsaXBfMRoGQ2xpcF8xIgRDbGlwCngKBkNsaXBfMRIBeRIBeiIETWFkZSoUCgRheGlzGP//////////\
                /wGgAQIqCwoEemVybxgAoAECKhkKBHBhZHNAAED9//////////8BQKwCoAEHKhEKB2Vwc2lsb24VrMUnN6ABASoRCgRtb2RlIgZuw6RoZXKgAQMSC2V2ZXJ5IGZp\
                ZWxkKg4QAUIEbW9zdEoEAADAQCpDCMgBCKwCEAdCAXdqEgoIbG9jYXRpb24SBncuZGF0YWoOCgZvZmZzZXQSBDQwOTZqEAoGbGVuZ3RoEgY0ODAwMDBwAVoXCgF4\
                EhIKEAgBEgwKAggBCgYSBHJvd3NiCwoBeRIGCgQICRIAQgIQFA==
                """) ?? Data()

    @Test("Written byte for byte") func written() {
        #expect(!Self.bytes.isEmpty)
        #expect(Self.model.serialized() == Self.bytes)
    }

    @Test("Read and written again") func read() throws {
        let model = try ModelProto(serialized: Self.bytes)
        #expect(model.serialized() == Self.bytes)
        #expect(model.graph.node[1].attribute[0].i == -1)
        #expect(model.graph.node[1].attribute[2].ints == [0, -3, 300])
        #expect(model.graph.initializer[1].isExternal)
        #expect(model.graph.input[0].shape == [.size(1), .named("rows")])
    }

    @Test("Cut anywhere, it is refused or a shorter message, and nothing stops the program") func cut() {
        for end in 0..<Self.bytes.count {
            guard let model = try? ModelProto(serialized: Self.bytes.prefix(end)) else { continue }
            #expect(model.serialized() != Self.bytes)
        }
    }

    @Test("What writing again would lose is refused") func unknownFields() {
        // Field 6 of a model (doc_string), and field 3 of a tensor (segment).
        for bytes: [UInt8] in [[0x32, 1, 0x61], [0x3a, 4, 0x2a, 2, 0x1a, 0]] {
            #expect(throws: ONNXFileError.self, "\(bytes)") { try ModelProto(serialized: Data(bytes)) }
        }
    }

    @Test("Hostile lengths and numbers are refused") func hostile() {
        let endless = [UInt8](repeating: 0xff, count: 20)
        for bytes: [UInt8] in [
            [0x3a] + endless, endless, [0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], [0x00, 1], [0x0b],
        ] {
            #expect(throws: ONNXFileError.self, "\(bytes)") { try ModelProto(serialized: Data(bytes)) }
        }
    }
}
