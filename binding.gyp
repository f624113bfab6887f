# Only delegates: what is built, and how, is in native/binding.gyp.
{
  "targets": [
    {
      "target_name": "all_of_native",
      "type": "none",
      "dependencies": ["native/binding.gyp:zjj"]
    }
  ]
}
