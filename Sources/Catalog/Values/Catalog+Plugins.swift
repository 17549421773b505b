import Events
import Foundation
import GRDB
import Protos
import Tensors

extension Catalog {
  /// A value of one of TensorBoard's plugins, decoded; nil where the value belongs to none of ``PluginName``.
  ///
  /// The metadata of the value itself counts where it carries some; writers usually leave it out of all but the first
  /// value of a tag, whose metadata the catalogue keeps.
  ///
  /// - Throws: ``CatalogError/unreadableValue(path:offset:reason:)`` where the bytes are not what the plugin writes;
  ///   what ``value(at:)`` throws.
  public func pluginValue(at blob: LocatedBlob) throws -> PluginValue? {
    guard let plugin = blob.plugin, PluginName.decoded.contains(plugin) else { return nil }
    var tensor: Tensor?
    if blob.value.form == .tensorProto, plugin != PluginName.hparams {
      guard case .tensor(let found) = try value(at: blob) else {
        throw CatalogError.unreadableValue(
          path: blob.path, offset: blob.value.offset, reason: "it is no tensor, as the plugin “\(plugin)” has them")
      }
      tensor = found
    }
    let needsContent = plugin == PluginName.hparams || plugin == PluginName.mesh
    let content = needsContent ? try pluginContent(at: blob) : []
    do {
      return try PluginValue(plugin: plugin, content: content, tensor: tensor)
    } catch {
      throw CatalogError.unreadableValue(path: blob.path, offset: blob.value.recordOffset, reason: error.reason)
    }
  }

  /// What the plugin wrote beside a value: in its own metadata, or in the first of the tag. Empty where there is none.
  public func pluginContent(at blob: LocatedBlob) throws -> [UInt8] {
    var record = blob.value
    record.offset = record.recordOffset
    record.length = record.recordLength
    let bytes = try EventFile.bytes(of: record, path: blob.path)
    if let event = try? Tensorflow_Event(serializedBytes: bytes) {
      for value in event.summary.value where value.tag == blob.tag && !value.metadata.pluginData.content.isEmpty {
        return Array(value.metadata.pluginData.content)
      }
    }
    let stored = try store.read { database in
      try Data.fetchOne(
        database,
        sql: "SELECT s.plugin_content FROM blobs b JOIN series s ON s.id = b.series_id WHERE b.id = ?",
        arguments: [blob.id])
    }
    return Array(stored ?? Data())
  }
}
