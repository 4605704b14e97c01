import Foundation

/// Opens files of tensors, whatever their format.
public enum TensorFile {
    /// The tensors of a `.pth`, `.pt`, `.safetensors` or `.npy` file. The format is recognised from the contents, not from the name.
    ///
    /// The file is memory-mapped; opening reads headers only and takes milliseconds. The file must not be cut short while it is in use.
    /// Names are those of the published state dict: keys that lead to it are left out, and so is `module.` where all names start with it.
    ///
    /// - Throws: `TensorFileError` that says what is wrong and what to do. No input makes this crash, run code or use memory
    ///   far beyond the file's size.
    public static func open(_ url: URL) throws -> any TensorSource {
        try open(FileContents(url: url))
    }

    /// The tensors of a file that is in memory.
    /// - Parameter name: for messages.
    public static func open(data: Data, name: String) throws -> any TensorSource {
        try open(FileContents(data: data, name: name))
    }

    private static func open(_ contents: FileContents) throws -> any TensorSource {
        let source: any TensorSource
        switch try format(contents) {
        case .pyTorch: source = try PyTorchCheckpoint(contents)
        case .safetensors: source = try SafetensorsFile(contents)
        case .numpy: source = try NumpyFile(contents)
        }
        return UnprefixedTensors(source, prefix: "module.") ?? source
    }

    private enum Format {
        case pyTorch, safetensors, numpy
    }

    private static func format(_ contents: FileContents) throws -> Format {
        try contents.data.withUnsafeBytes { bytes in
            func unknown(_ reason: String) -> TensorFileError { .unknownFormat(file: contents.name, reason: reason) }
            func starts(_ prefix: [UInt8]) -> Bool { bytes.starts(with: prefix) }
            guard !bytes.isEmpty else { throw unknown("it is empty") }
            if starts([0x50, 0x4b, 3, 4]) { return .pyTorch }
            if starts(NumpyHeader.magic) { return .numpy }
            if bytes.count > 8, bytes[8] == UInt8(ascii: "{") { return .safetensors }
            if bytes[0] == 0x80 {
                if LegacyLayout.starts(bytes) { return .pyTorch }
                throw unknown("it is a pickle, but torch.save did not write it")
            }
            let text = String(decoding: bytes.prefix(200), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            if text.hasPrefix("version https://git-lfs") {
                throw unknown("it is a Git LFS pointer; fetch the file itself with git lfs pull")
            }
            if text.hasPrefix("<") { throw unknown("it is a web page; the download failed") }
            if starts([0x1f, 0x8b]) || starts(Array("BZh".utf8)) || starts([0xfd, 0x37, 0x7a]) {
                throw unknown("it is a compressed archive; unpack it and name the checkpoint inside")
            }
            if bytes.count > 262, bytes[257..<262].elementsEqual("ustar".utf8) {
                throw unknown("it is a tar archive; unpack it and name the checkpoint inside")
            }
            throw unknown("its format is not known; if it was downloaded, download it again")
        }
    }
}
