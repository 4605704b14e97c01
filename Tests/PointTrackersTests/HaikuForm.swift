import Foundation
import TensorFiles

/// The tensors of a PyTorch checkpoint as Haiku keeps them.
struct HaikuForm: TensorSource {
    private let source: any TensorSource
    private let names: [String: String]

    init(_ source: any TensorSource) {
        self.source = source
        names = Dictionary(uniqueKeysWithValues: source.tensorNames.map { (Self.haikuName($0), $0) })
    }

    private static let heads = [
        "hid1": "cost_volume_regression_1", "hid2": "cost_volume_regression_2", "hid3": "cost_volume_occlusion_1",
        "hid4": "cost_volume_occlusion_2", "occ_out": "occlusion_out",
    ]

    private static func haikuName(_ name: String) -> String {
        let parts = name.split(separator: ".").map(String.init)
        let isNorm = parts[parts.count - 2].hasPrefix("bn_") || parts[parts.count - 2].hasPrefix("layer_norm")
        let parameter = parts.last == "weight" ? (isNorm ? "scale" : "w") : (isNorm ? "offset" : "b")
        var path: [String]
        switch parts[0] {
        case "resnet_torch":
            path = ["resnet", "~"]
            if parts[1] == "initial_conv" {
                path.append("initial_conv")
            } else {
                let layer = parts[5].replacingOccurrences("bn_", "instancenorm_").replacingOccurrences("proj_conv", "shortcut_conv")
                path += ["block_group_\(parts[2])", "~", "block_\(parts[4])", "~", layer]
            }
        case "torch_cost_volume_track_mods": path = [heads[parts[1]] ?? ""]
        case "torch_pips_mixer":
            path = ["pips_mlp_mixer"]
            path += parts[1] == "blocks" ? [parts[2] == "0" ? "block" : "block_\(parts[2])", parts[parts.count - 2]] : [parts[1]]
        default:
            let block = Int(parts[2]) ?? 0
            func numbered(_ stem: String, _ number: Int) -> String { number == 0 ? stem : "\(stem)_\(number)" }
            let layer =
                parts[3] == "layer_norm" ? numbered("layer_norm", block) : numbered("conv2_d", 2 * block + (parts[3] == "conv" ? 0 : 1))
            path = ["extra_convs", layer]
        }
        return (["tapir", "~"] + path + [parameter]).joined(separator: "/")
    }

    var name: String { "haiku" }
    var fingerprint: String { source.fingerprint }
    var tensorNames: [String] { names.keys.sorted() }

    func shape(of tensor: String) -> [Int]? {
        guard let original = names[tensor], let shape = source.shape(of: original) else { return nil }
        return tensor.hasSuffix("/w") ? Array(shape[2...]) + [shape[1], shape[0]] : shape
    }

    func tensor(_ name: String) throws -> Tensor {
        guard let original = names[name] else { throw TensorFileError.missingTensor(file: self.name, tensor: name) }
        let tensor = try source.tensor(original)
        guard name.hasSuffix("/w") else { return tensor }
        let (outputs, inputs) = (tensor.shape[0], tensor.shape[1])
        let area = tensor.shape[2...].reduce(1, *)
        return Tensor(shape: Array(tensor.shape[2...]) + [inputs, outputs]) { target in
            tensor.withUnsafeBuffer { values in
                for a in 0..<area {
                    for i in 0..<inputs {
                        for o in 0..<outputs { target[(a * inputs + i) * outputs + o] = values[(o * inputs + i) * area + a] }
                    }
                }
            }
        }
    }
}

extension String {
    fileprivate func replacingOccurrences(_ part: String, _ other: String) -> String {
        guard let range = range(of: part) else { return self }
        return replacingCharacters(in: range, with: other)
    }
}
