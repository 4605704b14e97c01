// One import brings the method, the models, and what goes in and comes out of them.
@_exported import Inference
@_exported import InferenceOpenVINO
@_exported import Media
@_exported import PointTrackers
@_exported import SAMPT
@_exported import Segmenters
@_exported import TensorFiles

@_exported import enum Support.FileError
@_exported import struct Support.MissingResource
