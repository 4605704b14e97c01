import Foundation
import NeuralGraph
import TensorFiles
import TestSupport

/// The Python packages `onnx` and `onnxruntime`, as `Scripts/setup-onnx.sh` installs them.
enum ONNXRuntime {
    struct Failure: Error {
        var message: String
    }

    private static let python = Fixtures.packageRoot.appendingPathComponent(".deps/venv-onnx/bin/python")
    private static let script = Fixtures.packageRoot.appendingPathComponent("Scripts/check-onnx.py")

    static let isInstalled = FileManager.default.isExecutableFile(atPath: python.path)

    /// Checks a model and runs it.
    /// - Throws: `Failure` with what the packages say.
    static func run(_ model: ONNXModel, _ inputs: [String: Tensor]) throws -> [String: Tensor] {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        func url(_ name: String) -> URL { folder.appendingPathComponent(name) }
        // Written as for other programs: constants inside.
        try model.write(to: url("model.onnx"))
        try SafetensorsFile.write(inputs, to: url("inputs.safetensors"))
        let process = Process()
        process.executableURL = python
        process.arguments = [script.path] + ["model.onnx", "inputs.safetensors", "outputs.safetensors"].map { url($0).path }
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let message = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(message: String(decoding: message, as: UTF8.self)) }
        let outputs = try SafetensorsFile(url: url("outputs.safetensors"))
        return try Dictionary(uniqueKeysWithValues: outputs.tensorNames.map { ($0, try outputs.tensor($0)) })
    }
}
