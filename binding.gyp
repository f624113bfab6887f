# Only delegates to native/binding.gyp, which describes the build.
{
  "targets": [
    {
      "target_name": "all_of_native",
      "type": "none",
      "dependencies": ["native/binding.gyp:zjj"]
    }
  ]
}
